import { z } from "zod";
import { RATES } from "./traffic.ts";

const schema = z.object({
  ORDERS_DB_URL: z.url({
    protocol: /^postgres(ql)?$/,
    error: "must be the URL of the order database, like postgres://user:password@127.0.0.1:5432/orders",
  }),
  NOVA_RATE: z.enum(RATES, { error: `must be one of ${RATES.join(", ")}` }).default("normal"),
});

export type OrderDatabaseEnv = z.infer<typeof schema>;

/** Reads the environment; throws an `Error` whose message names each variable and the fix, never its value. */
export function readEnv(env: NodeJS.ProcessEnv = process.env): OrderDatabaseEnv {
  const result = schema.safeParse(env);
  if (result.success) return result.data;
  throw new Error(result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`).join("; "));
}
