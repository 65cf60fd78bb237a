import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { CommandFailure } from "./command-failure.ts";

/** What the supervisor writes beside the data; only what the command line needs of it. */
const secretsSchema = z.object({ internalToken: z.string(), workerUrl: z.string() });
const errorSchema = z.object({ error: z.object({ kind: z.string(), message: z.string(), remedy: z.string() }) });

export interface WorkerClient {
  get<Schema extends z.ZodType>(
    path: string,
    query: Readonly<Record<string, string | undefined>>,
    schema: Schema,
  ): Promise<z.infer<Schema>>;
  post<Schema extends z.ZodType>(path: string, body: unknown, schema: Schema): Promise<z.infer<Schema>>;
}

/** Finds the running platform by its data folder. Throws `CommandFailure` that says how to start one. */
export async function connectWorker(dataDir: string): Promise<WorkerClient> {
  const running = await readFile(join(dataDir, "run.json"), "utf8").catch(() => undefined);
  const text = await readFile(join(dataDir, "secrets.json"), "utf8").catch(() => undefined);
  if (running === undefined || text === undefined)
    throw new CommandFailure(
      "nothing-runs",
      `nothing runs on ${dataDir}; start it with npm start, or name its folder with --data-dir`,
    );
  const secrets = secretsSchema.safeParse(JSON.parse(text));
  if (!secrets.success) throw new CommandFailure("nothing-runs", `${dataDir} is still starting; try again in a moment`);
  const { workerUrl, internalToken } = secrets.data;

  async function ask<Schema extends z.ZodType>(
    path: string,
    init: RequestInit,
    schema: Schema,
  ): Promise<z.infer<Schema>> {
    const headers = {
      authorization: `Bearer ${internalToken}`,
      ...(init.body === undefined ? {} : { "content-type": "application/json" }),
    };
    const response = await fetch(`${workerUrl}/internal${path}`, { ...init, headers }).catch((error: unknown) => {
      throw new CommandFailure(
        "nothing-runs",
        `the worker does not answer at ${workerUrl} (${reasonOf(error)}); its log is ${join(dataDir, "logs", "worker.log")}`,
      );
    });
    const body: unknown = response.status === 204 ? null : await response.json();
    if (response.ok) return schema.parse(body);
    const failure = errorSchema.safeParse(body);
    if (!failure.success) throw new CommandFailure("failed", `the worker answered ${response.status}`);
    const { kind, message, remedy } = failure.data.error;
    throw new CommandFailure(kind === "invalid-input" ? "usage" : "failed", `${message}\n${remedy}`);
  }

  return {
    get(path, query, schema) {
      const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
      return ask(`${path}?${new URLSearchParams(given).toString()}`, {}, schema);
    },
    post: (path, body, schema) => ask(path, { method: "POST", body: JSON.stringify(body) }, schema),
  };
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
