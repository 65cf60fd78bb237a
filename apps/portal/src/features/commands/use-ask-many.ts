import { useMutation, useQueries, useQueryClient } from "@tanstack/react-query";
import type { Command, CommandRequest } from "@nova/pipeline-core/orchestration";
import { useEffect, useEffectEvent, useState } from "react";
import { useTRPC, useTRPCClient } from "@/trpc/client.tsx";
import { isOpen, isTouched, LOOK_MILLIS, newKey } from "./follow-command.ts";

/** One of several asks: what became of it so far. */
export interface AskedOne {
  readonly target: string;
  readonly state: "asking" | "waiting" | "done" | "refused";
  /** What it did, or why it was not done; empty before. */
  readonly message: string;
}

export type Steering = Extract<CommandRequest, { kind: "cancel-run" | "retry-run" | "mark-run" }>;

interface Sent {
  readonly target: string;
  readonly id: string | null;
  readonly error: string | null;
}

/** Asks for the same of several runs, each a command of its own, and follows all of them; one refused holds up no other. */
export function useAskMany(requests: readonly Steering[]): {
  readonly asked: readonly AskedOne[];
  readonly busy: boolean;
  readonly send: () => void;
} {
  const trpc = useTRPC();
  const client = useTRPCClient();
  const queryClient = useQueryClient();
  // Pressing twice is one command for each run.
  const [keys] = useState(() => new Map(requests.map(({ target }) => [target, newKey()])));
  const ask = async (request: Steering): Promise<Sent> => {
    const { target } = request;
    const procedure = {
      "cancel-run": client.commands.cancelRun,
      "retry-run": client.commands.retryRun,
      "mark-run": client.commands.markRun,
    }[request.kind];
    try {
      const { id } = await procedure.mutate({ request, key: keys.get(target) ?? newKey() });
      return { target, id, error: null };
    } catch (error) {
      return { target, id: null, error: error instanceof Error ? error.message : String(error) };
    }
  };
  const sending = useMutation({ mutationFn: () => Promise.all(requests.map(ask)) });
  const sent = sending.data ?? [];
  const followed = useQueries({
    queries: sent.flatMap(({ id }) =>
      id === null
        ? []
        : [
            trpc.commands.one.queryOptions(
              { id },
              {
                refetchInterval: ({ state: { data } }) => (data === undefined || isOpen(data) ? LOOK_MILLIS : false),
              },
            ),
          ],
    ),
  });
  const commands = new Map(followed.flatMap(({ data }) => (data === undefined ? [] : [[data.id, data] as const])));
  const asked = requests.map(({ target }): AskedOne => {
    const one = sent.find((each) => each.target === target);
    if (one === undefined) return { target, state: "asking", message: "" };
    if (one.error !== null) return { target, state: "refused", message: one.error };
    return { target, ...outcome(commands.get(one.id ?? "")) };
  });
  const settled = asked.filter(({ state }) => state === "done" || state === "refused").length;
  const refresh = useEffectEvent(() => {
    void queryClient.invalidateQueries({ predicate: isTouched });
  });
  useEffect(() => {
    if (settled > 0) refresh();
  }, [settled]);
  return {
    asked: sending.isIdle ? [] : asked,
    busy: sending.isPending || (sent.length > 0 && settled < requests.length),
    send: () => sending.mutate(),
  };
}

function outcome(command: Command | undefined): Pick<AskedOne, "state" | "message"> {
  if (command === undefined || isOpen(command)) return { state: "waiting", message: "" };
  return { state: command.state === "done" ? "done" : "refused", message: command.message };
}
