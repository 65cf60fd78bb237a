import { z } from "zod";

const schema = z.object({
  DATABASE_URL: z
    .string()
    .regex(
      /^postgres(ql)?:\/\//,
      "must be a PostgreSQL connection string, postgres://user:password@host:port/database",
    ),
  /** "1": also put the demo people in, for the demo sign-in. */
  NOVA_DEMO: z
    .enum(["0", "1"], "must be 0 or 1")
    .default("0")
    .transform((value) => value === "1"),
});

export type MigrateEnv = z.infer<typeof schema>;

/** Reads the environment of this package's entry points, or says which variable is wrong on one line and exits 2. */
export function readMigrateEnv(): MigrateEnv {
  const parsed = schema.safeParse(process.env);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const name = String(issue?.path[0]);
  process.stderr.write(`${name}: ${process.env[name] === undefined ? "is missing; " : ""}${issue?.message}\n`);
  return process.exit(2);
}
