import { ENVIRONMENT_NAME } from "@nova/pipeline-core/orchestration";
import { z } from "zod";

const POSTGRES_URL = /^postgres(ql)?:\/\//;
const postgresUrl = z
  .string()
  .regex(POSTGRES_URL, "must be a PostgreSQL connection string, postgres://user:password@host:port/database");
const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http(s) URL" });
const signingSecrets = z
  .string()
  .transform((text) => text.split(",").map((each) => each.trim()))
  .pipe(
    z.array(
      z
        .string()
        .startsWith("whsec_", "must be a Stripe signing secret (whsec_…), or several with commas while one is rotated"),
    ),
  );
const sha256 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "must be the SHA-256 of the token in hex: printf %s TOKEN | sha256sum");
/** JSON in a variable; what it says is never part of the message, for it holds secrets. */
const jsonLike = (example: string) =>
  z.string().transform((text, context) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue({ code: "custom", message: `must be JSON: ${example}` });
      return z.NEVER;
    }
  });
const environments = jsonLike('{"staging":{"databaseUrl":"postgres://…","lakeDir":"/…"}}').pipe(
  z
    .record(
      z.string().regex(ENVIRONMENT_NAME),
      z.strictObject({
        databaseUrl: postgresUrl,
        lakeDir: z.string().startsWith("/", "lakeDir must be the absolute folder of its tables, as it is named there"),
      }),
      "must be an object of environments by their short names: a-z, 0-9, dash, underscore",
    )
    .transform((known) => Object.entries(known).map(([name, where]) => ({ name, ...where }))),
);
const logServices = jsonLike('[{"service":"cart","tokenSha256":"…"}]').pipe(
  z.array(
    z.strictObject({
      service: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "service must be a short name of a-z, 0-9, dot, dash"),
      tokenSha256: z
        .union([sha256, z.array(sha256).min(1)])
        .transform((each) => (typeof each === "string" ? [each] : each)),
      bytesPerSecond: z.number().positive("bytesPerSecond must be more than 0").optional(),
      eventsPerSecond: z.number().positive("eventsPerSecond must be more than 0").optional(),
    }),
  ),
);
const secret = z.string().min(16, "must have at least 16 characters");

const schema = z
  .object({
    /** The metadata PostgreSQL. */
    DATABASE_URL: postgresUrl,
    /** Folder of the Iceberg tables. */
    NOVA_LAKE_DIR: z.string().min(1, "must name a folder"),
    /** Folder where events wait, durable, for their commit. */
    NOVA_SPOOL_DIR: z.string().min(1, "must name a folder"),
    NOVA_WORKER_PORT: z.coerce
      .number("must be a port number")
      .int("must be a port number")
      .min(0, "must be a port number")
      .max(65_535, "must be a port number"),
    /** What the portal and the CLI show to be let into /internal. */
    NOVA_INTERNAL_TOKEN: secret,
    /** Threads for what blocks; Node reads it before any code of ours runs. Queries of the lake and writes of the spool share them. */
    UV_THREADPOOL_SIZE: z.coerce
      .number("must be a number of threads")
      .int("must be a number of threads")
      .min(8, "must be 8 or more: queries of the lake would hold up the intake; 16 is good")
      .optional(),
    /** With `?sslmode=require|verify-ca|verify-full` the connection is encrypted, as libpq means these words. */
    ORDERS_DB_URL: postgresUrl
      .refine(
        (url) => !/[?&]sslmode=(?!(disable|require|verify-ca|verify-full)(&|$))/.test(url),
        "sslmode must be disable, require, verify-ca or verify-full",
      )
      .optional(),
    /** Connections that read the order database's existing rows at the same time; 2 when it says nothing. */
    ORDERS_DB_SNAPSHOT_CONNECTIONS: z.coerce
      .number("must be a number of connections")
      .int("must be a number of connections")
      .min(1, "must be 1 or more")
      .max(16, "must be 16 or less: each is a transaction that stays open on the source")
      .optional(),
    /** PEM file of the authority that signed the order database's certificate; without it the system's are trusted. */
    ORDERS_DB_CA_FILE: z.string().min(1, "must name a file").optional(),
    SALESFORCE_LOGIN_URL: httpUrl.optional(),
    SALESFORCE_CLIENT_ID: z.string().min(1).optional(),
    SALESFORCE_CLIENT_SECRET: z.string().min(1).optional(),
    SALESFORCE_USERNAME: z.string().min(1).optional(),
    SALESFORCE_PASSWORD: z.string().min(1).optional(),
    STRIPE_API_BASE: httpUrl.optional(),
    STRIPE_API_KEY: z
      .string()
      .regex(/^(sk|rk)_/, "must be a Stripe secret or restricted key (sk_… or rk_…)")
      .optional(),
    /** Several, with commas, while a secret is being rotated. */
    STRIPE_WEBHOOK_SECRET: signingSecrets.optional(),
    /** One token that every service may use, without a quota. */
    LOG_INTAKE_TOKEN: secret.optional(),
    /** Tokens (as hashes) and quotas by service, as JSON; see docs/runbooks/log-services.md. */
    LOG_INTAKE_SERVICES: logServices.optional(),
    /** Seconds between two loads of tables that no model reads: less is fresher and costs a commit each. */
    COLD_LOAD_SECONDS: z.coerce
      .number("must be a number of seconds")
      .min(1, "must be at least 1 second")
      .max(3_600, "must be an hour (3600) at most")
      .default(75),
    /** Base URL of a lineage service; events are posted to /api/v1/lineage below it. They are written to files anyway. */
    OPENLINEAGE_URL: httpUrl.optional(),
    OPENLINEAGE_API_KEY: z.string().min(1).optional(),
    /** Other environments whose datasets may be compared with those here, as JSON; see docs/pipelines.md. */
    NOVA_ENVIRONMENTS: environments.optional(),
    /** Namespace of jobs and datasets in lineage events. */
    OPENLINEAGE_NAMESPACE: z.string().min(1).default("novaretail"),
    LOG_LEVEL: z.enum(["debug", "info", "warn", "error"], "must be debug, info, warn or error").default("info"),
  })
  .superRefine((env, context) => {
    const needs = (variable: keyof typeof env, because: keyof typeof env): void => {
      if (env[because] !== undefined && env[variable] === undefined)
        context.addIssue({
          code: "custom",
          path: [variable],
          message: `is needed because ${because} is set; set it or leave ${because} out`,
        });
    };
    needs("SALESFORCE_CLIENT_ID", "SALESFORCE_LOGIN_URL");
    needs("SALESFORCE_CLIENT_SECRET", "SALESFORCE_LOGIN_URL");
    needs("STRIPE_WEBHOOK_SECRET", "STRIPE_API_KEY");
    needs("OPENLINEAGE_URL", "OPENLINEAGE_API_KEY");
    needs("STRIPE_API_KEY", "STRIPE_API_BASE");
  });

export type WorkerEnv = z.infer<typeof schema>;

/** Checks an environment. Returns it, or one line per problem that names the variable and the fix. Empty counts as unset. */
export function parseWorkerEnv(
  variables: Readonly<Record<string, string | undefined>>,
): WorkerEnv | { readonly problems: readonly string[] } {
  const given = Object.fromEntries(
    Object.entries(variables).filter(([, value]) => value !== undefined && value !== ""),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  return {
    problems: parsed.error.issues.map((issue) => {
      const name = String(issue.path[0]);
      const missing = given[name] === undefined && issue.code !== "custom";
      return `${name}: ${missing ? "is missing; set it" : issue.message}`;
    }),
  };
}

/** Reads this process's environment; prints the first problem on one line and exits 2 when it does not hold. */
export function readWorkerEnv(): WorkerEnv {
  const env = parseWorkerEnv(process.env);
  if (!("problems" in env)) return env;
  process.stderr.write(`${env.problems[0]}\n`);
  return process.exit(2);
}
