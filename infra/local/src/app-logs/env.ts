import { z } from "zod";

const EnvSchema = z.object({
  LOG_INTAKE_URL: z.url().transform((url) => url.replace(/\/+$/, "")),
  LOG_INTAKE_TOKEN: z.string().min(1),
  NOVA_RATE: z.enum(["quiet", "normal", "peak"]).default("normal"),
});
export type AppLogsEnv = z.infer<typeof EnvSchema>;

/** The emitter's settings, or one message naming each variable that is missing or wrong. */
export function readEnv(variables: NodeJS.ProcessEnv = process.env): AppLogsEnv | { readonly problem: string } {
  const parsed = EnvSchema.safeParse(variables);
  return parsed.success
    ? parsed.data
    : { problem: parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ") };
}
