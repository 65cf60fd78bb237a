import { z } from "zod";

const schema = z.object({
  NOVA_E2E_RUN_JSON: z
    .string()
    .min(1, "must be the path of a running platform's run.json, like .nova/run.json; leave it out to start one")
    .optional(),
  NOVA_E2E_BROWSER: z
    .string()
    .min(1, "must be the path of a Chromium, or package for the one from npm; leave it out to have one found")
    .optional(),
});

/** What the environment says, read again each time: the global setup adds the platform it started. */
export function readEnv(): z.infer<typeof schema> {
  return schema.parse(process.env);
}

/** Tells the workers, which inherit the environment, which platform to meet. */
export function announceRunJson(path: string): void {
  process.env["NOVA_E2E_RUN_JSON"] = path;
}

/** Where programs are looked for. */
export function searchPath(): string {
  return process.env["PATH"] ?? "";
}

/** The environment of a program started from here, with what it needs besides. */
export function environmentWith(more: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries({ ...process.env, ...more }).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}
