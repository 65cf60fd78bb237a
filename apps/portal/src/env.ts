import { z } from "zod";

const flag = z
  .enum(["0", "1", ""])
  .default("0")
  .transform((value) => value === "1");

const KNOWN_DEFAULT_SECRETS = ["secret", "changeme", "change-me", "nextauth-secret", "development-secret"];

const schema = z
  .object({
    DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// connection string" }),
    NEXTAUTH_URL: z.url({ protocol: /^https?$/, error: "must be the portal's own http(s) address" }),
    NEXTAUTH_SECRET: z.string({ error: "must be set; make one with: openssl rand -base64 32" }),
    NOVA_WORKER_URL: z.url({ protocol: /^https?$/, error: "must be the worker's http(s) address" }),
    NOVA_INTERNAL_TOKEN: z
      .string({ error: "must be the token the worker was started with" })
      .min(16, "must have at least 16 characters"),
    NOVA_DEMO_SIGN_IN: flag,
    OIDC_ISSUER: z.url({ protocol: /^https?$/, error: "must be the issuer's address" }).optional(),
    OIDC_CLIENT_ID: z.string().min(1).optional(),
    OIDC_CLIENT_SECRET: z.string().min(1).optional(),
  })
  .superRefine((env, context) => {
    const secret = env.NEXTAUTH_SECRET;
    const weak = secret.length < 32 || KNOWN_DEFAULT_SECRETS.some((word) => secret.toLowerCase().startsWith(word));
    if (weak && !env.NOVA_DEMO_SIGN_IN) {
      context.addIssue({
        code: "custom",
        path: ["NEXTAUTH_SECRET"],
        message: "must be at least 32 random characters outside the demo; make one with: openssl rand -base64 32",
      });
    }
    const given = [env.OIDC_ISSUER, env.OIDC_CLIENT_ID, env.OIDC_CLIENT_SECRET].filter((value) => value !== undefined);
    if (given.length !== 0 && given.length !== 3) {
      context.addIssue({
        code: "custom",
        path: ["OIDC_ISSUER"],
        message: "needs OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET together; set all three or none",
      });
    }
    if (given.length === 0 && !env.NOVA_DEMO_SIGN_IN) {
      context.addIssue({
        code: "custom",
        path: ["OIDC_ISSUER"],
        message: "must be set (with OIDC_CLIENT_ID and OIDC_CLIENT_SECRET), else nobody can sign in",
      });
    }
  });

export type PortalEnv = z.infer<typeof schema>;

/** Reads the environment; throws one line per problem that names the variable and the fix. */
export function parseEnv(source: Readonly<Record<string, string | undefined>>): PortalEnv {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(present);
  if (parsed.success) return parsed.data;
  throw new Error(parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("\n"));
}

let cached: PortalEnv | undefined;

/** Lazy, so that `next build` needs none of it. */
export function env(): PortalEnv {
  cached ??= parseEnv(process.env);
  return cached;
}

export const isDevelopment = process.env["NODE_ENV"] === "development";
