import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "./write-atomically.ts";

const schema = z.object({
  pid: z.int().positive(),
  startedAt: z.iso.datetime(),
  dataDir: z.string(),
  /** True once every part that is needed serves. */
  ready: z.boolean(),
  /** Without passwords; those are in secrets.json. */
  urls: z.object({ portal: z.string(), worker: z.string(), metadataDb: z.string(), ordersDb: z.string().optional() }),
  ports: z.record(z.string(), z.int()),
  parts: z.array(
    z.object({
      name: z.string(),
      pid: z.int().optional(),
      mark: z.string(),
      state: z.enum(["starting", "ready", "restarting", "failed", "stopped"]),
    }),
  ),
});

/** `<data-dir>/run.json`: what runs and where, for the CLI, tests and the next start. Gone when nothing runs. */
export type RunFile = z.infer<typeof schema>;

/** Undefined when there is none, or when a crash of the machine left an unreadable one. */
export async function readRunFile(dataDir: string): Promise<RunFile | undefined> {
  const text = await readFile(join(dataDir, "run.json"), "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

export function writeRunFile(dataDir: string, run: RunFile): Promise<void> {
  return writeAtomically(join(dataDir, "run.json"), run);
}
