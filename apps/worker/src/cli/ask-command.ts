import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type CommandRequest, commandRequestSchema, RUN_STATES } from "@nova/pipeline-core/orchestration";
import { z } from "zod";
import { CommandFailure } from "./command-failure.ts";
import type { WorkerClient } from "./worker-client.ts";

const commandSchema = z.object({
  id: z.string(),
  key: z.string(),
  state: z.enum(["queued", "taken", "done", "refused"]),
  message: z.string(),
  runId: z.string().nullable(),
});
export type AskedCommand = z.infer<typeof commandSchema>;
const answerSchema = z.object({ command: commandSchema, created: z.boolean() });
const runSchema = z.object({ id: z.string(), state: z.enum(RUN_STATES), error: z.string().nullable() });

const LOOK_MILLIS = 200;
/** A command is carried out at once; a run it begins goes on by itself. */
const PATIENCE_MILLIS = 60_000;

export interface AskOptions {
  readonly as?: string;
  readonly key?: string;
  /** Also waits for the end of the run that the command begins. */
  readonly wait?: boolean;
}

/** Puts a command on record and waits until it is carried out. Throws `CommandFailure` with the reason when it is refused. */
export async function askCommand(
  worker: WorkerClient,
  request: CommandRequest,
  options: AskOptions,
): Promise<AskedCommand & { readonly created: boolean }> {
  const key = options.key ?? randomUUID();
  const asked = await worker.post(
    "/commands",
    { request, key, ...(options.as === undefined ? {} : { email: options.as }) },
    answerSchema,
  );
  const command = await settled(worker, asked.command);
  if (command.state === "refused") throw new CommandFailure("failed", command.message);
  if (options.wait === true && command.runId !== null) await runEnded(worker, command.runId);
  return { ...command, created: asked.created };
}

export function askedText({ message, key, created }: AskedCommand & { readonly created: boolean }): string {
  const lines = [message, `idempotency key ${key}`];
  return [...(created ? [] : ["this was asked already; here is what became of it:"]), ...lines].join("\n");
}

async function settled(worker: WorkerClient, command: AskedCommand): Promise<AskedCommand> {
  const patience = Date.now() + PATIENCE_MILLIS;
  let current = command;
  while (current.state === "queued" || current.state === "taken") {
    if (Date.now() > patience)
      throw new CommandFailure("failed", `command ${current.id} still waits; the worker carries it out when it can`);
    await wait(LOOK_MILLIS);
    current = await worker.get(`/commands/${current.id}`, {}, commandSchema);
  }
  return current;
}

async function runEnded(worker: WorkerClient, runId: string): Promise<void> {
  for (;;) {
    const run = await worker.get(`/runs/${runId}`, {}, runSchema);
    if (run.state === "succeeded") return;
    if (run.state === "failed" || run.state === "cancelled")
      throw new CommandFailure("failed", `run ${runId} ${run.state}${run.error === null ? "" : `: ${run.error}`}`);
    await wait(LOOK_MILLIS);
  }
}

/** Throws `CommandFailure` that names what is wrong. */
export function parseRequest(wanted: unknown): CommandRequest {
  const parsed = commandRequestSchema.safeParse(wanted);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CommandFailure("usage", `${issue?.path.join(".")}: ${issue?.message}`);
}
