import { z } from "zod";

const schema = z.object({
  NOVA_E2E_RUN_JSON: z
    .string({
      error: "must be the path of a running platform's run.json, like .nova/run.json; leave it out to start one",
    })
    .min(1)
    .optional(),
  NOVA_E2E_BROWSER: z
    .string({ error: "must be the path of a Chromium; leave it out to have one found" })
    .min(1)
    .optional(),
});

export type JourneyEnv = z.infer<typeof schema>;

/** What the environment says, read again each time: the global setup adds the platform it started. */
export function readEnv(): JourneyEnv {
  return schema.parse(process.env);
}

/** Tells the workers, which inherit the environment, which platform to meet. */
export function announceRunJson(path: string): void {
  process.env["NOVA_E2E_RUN_JSON"] = path;
}
