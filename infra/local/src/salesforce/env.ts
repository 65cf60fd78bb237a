import { z } from "zod";

const EnvSchema = z.object({
  SALESFORCE_PORT: z.coerce.number().int().min(0).max(65_535).default(4010),
  SALESFORCE_STATE_DIR: z.string().min(1).optional(),
  SALESFORCE_CLIENT_ID: z.string().min(1),
  SALESFORCE_CLIENT_SECRET: z.string().min(1),
  SALESFORCE_USERNAME: z.string().min(1),
  SALESFORCE_PASSWORD: z.string().min(1),
  /** How many records the org is set up with; the demo's when absent. */
  SALESFORCE_RECORDS: z.coerce.number().int().min(1).max(50_000_000).optional(),
  /** `still`: nothing changes by itself. */
  NOVA_RATE: z.enum(["still", "quiet", "normal", "peak"]).default("normal"),
});
export type SalesforceEnv = z.infer<typeof EnvSchema>;

/** The stand-in's settings, or one message naming each variable that is missing or wrong. */
export function readEnv(variables: NodeJS.ProcessEnv = process.env): SalesforceEnv | { readonly problem: string } {
  const parsed = EnvSchema.safeParse(variables);
  return parsed.success
    ? parsed.data
    : { problem: parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ") };
}
