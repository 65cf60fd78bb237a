import { z } from "zod";

const EnvSchema = z
  .object({
    STRIPE_PORT: z.coerce.number().int().min(0).max(65_535).default(4020),
    STRIPE_API_KEY: z.string().min(1),
    STRIPE_WEBHOOK_URL: z.url().optional(),
    STRIPE_WEBHOOK_SECRET: z.string().min(1).optional(),
    ORDERS_DB_URL: z.string().regex(/^postgres(ql)?:\/\//, "must begin with postgres://"),
  })
  .refine((env) => (env.STRIPE_WEBHOOK_URL === undefined) === (env.STRIPE_WEBHOOK_SECRET === undefined), {
    path: ["STRIPE_WEBHOOK_SECRET"],
    message: "set both STRIPE_WEBHOOK_URL and STRIPE_WEBHOOK_SECRET, or neither",
  });
export type StripeEnv = z.infer<typeof EnvSchema>;

/** The stand-in's settings, or one message naming each variable that is missing or wrong. */
export function readEnv(variables: NodeJS.ProcessEnv = process.env): StripeEnv | { readonly problem: string } {
  const parsed = EnvSchema.safeParse(variables);
  return parsed.success
    ? parsed.data
    : { problem: parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ") };
}
