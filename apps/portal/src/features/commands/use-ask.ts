import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Command, CommandKind, CommandRequest } from "@nova/pipeline-core/orchestration";
import { useEffect, useEffectEvent, useState } from "react";
import { useTRPC } from "@/trpc/client.tsx";
import { isOpen, isTouched, LOOK_MILLIS, newKey } from "./follow-command.ts";

export interface Ask {
  /** Idempotency key: pressing twice is one command. */
  readonly key: string;
  readonly busy: boolean;
  /** Why it could not be asked, or why the worker refused it. */
  readonly refusal: string | null;
  send(request: CommandRequest): void;
  /** A new key for the next ask. */
  again(): void;
}

/** Asks for a command of one kind and follows it until the worker has refused it or done it: then `onDone`, once. */
export function useAsk(kind: CommandKind, onDone: (command: Command) => void): Ask {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [key, setKey] = useState(newKey);
  const options = {
    "run-dataset": trpc.commands.runDataset,
    "cancel-run": trpc.commands.cancelRun,
    "retry-run": trpc.commands.retryRun,
    "mark-run": trpc.commands.markRun,
    "unmark-run": trpc.commands.unmarkRun,
    "rollback-dataset": trpc.commands.rollbackDataset,
    "release-dataset": trpc.commands.releaseDataset,
    "pause-pipeline": trpc.commands.pausePipeline,
    "resume-pipeline": trpc.commands.resumePipeline,
    "pause-schedule": trpc.commands.pauseSchedule,
    "resume-schedule": trpc.commands.resumeSchedule,
    "submit-backfill": trpc.commands.submitBackfill,
    "pause-backfill": trpc.commands.pauseBackfill,
    "resume-backfill": trpc.commands.resumeBackfill,
    "cancel-backfill": trpc.commands.cancelBackfill,
    "retry-backfill": trpc.commands.retryBackfill,
    "set-backfill-parallelism": trpc.commands.setBackfillParallelism,
    "set-pool": trpc.commands.setPool,
    "reset-pool": trpc.commands.resetPool,
  }[kind].mutationOptions();
  const sending = useMutation(options);
  const id = sending.data?.id ?? null;
  const followed = useQuery(
    trpc.commands.one.queryOptions(
      { id: id ?? "" },
      {
        enabled: id !== null,
        refetchInterval: ({ state: { data } }) => (data === undefined || isOpen(data) ? LOOK_MILLIS : false),
      },
    ),
  );
  const now = id !== null && followed.data?.id === id ? followed.data : null;
  const settled = now !== null && !isOpen(now) ? now : null;
  const settledId = settled?.id ?? null;
  const settle = useEffectEvent(() => {
    void queryClient.invalidateQueries({ predicate: isTouched });
    if (settled?.state === "done") onDone(settled);
  });
  useEffect(() => {
    if (settledId !== null) settle();
  }, [settledId]);
  return {
    key,
    busy: sending.isPending || (id !== null && settled === null),
    refusal: settled?.state === "refused" ? settled.message : (sending.error?.message ?? null),
    send: (request) => sending.mutate({ request, key }),
    again() {
      sending.reset();
      setKey(newKey());
    },
  };
}
