import { z } from "zod";

const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\/.+/, "must look like postgres://user:password@host:5432/database");

/** Variables of the user that the parts may see. Everything else of the terminal's environment stays outside. */
const PASSED_ON = /^(PATH|HOME|LANG|LC_\w+|TMPDIR|TZ|LOG_LEVEL|NO_COLOR|NODE_EXTRA_CA_CERTS|(HTTPS?|NO)_PROXY)$/i;
const PORTAL_ONLY = /^OIDC_\w+$/;
const WORKER_ONLY = /^(OPENLINEAGE_\w+|COLD_LOAD_SECONDS|NOVA_ENVIRONMENTS)$/;

const schema = z.object({
  /** The user's own metadata PostgreSQL; the embedded one is used when it is missing. */
  DATABASE_URL: postgresUrl.optional(),
});

export interface SupervisorEnv {
  readonly databaseUrl: string | undefined;
  readonly passedOn: Readonly<Record<string, string>>;
  readonly portalOnly: Readonly<Record<string, string>>;
  readonly workerOnly: Readonly<Record<string, string>>;
}

/** The supervisor's surroundings, or one line naming the variable that is wrong and its fix. */
export function readSupervisorEnv(
  variables: NodeJS.ProcessEnv = process.env,
): SupervisorEnv | { readonly problem: string } {
  const parsed = schema.safeParse(variables);
  if (!parsed.success) {
    return { problem: parsed.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; ") };
  }
  return {
    databaseUrl: parsed.data.DATABASE_URL,
    passedOn: pick(variables, PASSED_ON),
    portalOnly: pick(variables, PORTAL_ONLY),
    workerOnly: pick(variables, WORKER_ONLY),
  };
}

function pick(variables: NodeJS.ProcessEnv, wanted: RegExp): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const [name, value] of Object.entries(variables))
    if (value !== undefined && wanted.test(name)) picked[name] = value;
  return picked;
}
