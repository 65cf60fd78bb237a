import type { Socket } from "node:net";
import pg from "pg";

/**
 * How values are printed, the same for snapshot and stream: ISO dates, postgres intervals, shortest exact floats, hex bytea,
 * times in UTC (reliability case 44: a difference shows up as a changed row).
 */
const SESSION_OPTIONS = [
  "datestyle=ISO,MDY",
  "intervalstyle=postgres",
  "extra_float_digits=3",
  "bytea_output=hex",
  "timezone=UTC",
  // Row security would leave rows out silently: off means an error instead (case 35).
  "row_security=off",
  "statement_timeout=0",
  "idle_in_transaction_session_timeout=0",
]
  .map((setting) => `-c ${setting}`)
  .join(" ");

/** A connected client whose errors outside a query are left to its `end` event. */
export async function connectSession(
  connectionString: string,
  purpose: "snapshot" | "catalog" | "stream" | "again" | "compare",
): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: withTls(connectionString),
    application_name: `nova-capture-${purpose}`,
    options: SESSION_OPTIONS,
    keepAlive: true,
    connectionTimeoutMillis: 15_000,
    // A catalog query that is never answered must not hold up the stream; snapshots and streams may be long.
    ...(purpose === "catalog" ? { query_timeout: 60_000 } : {}),
    client_encoding: "UTF8",
    ...(purpose === "stream" ? { replication: "database" } : {}),
  } as pg.ClientConfig);
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** How a connection string asks for TLS, in libpq's words; `disable` when it says nothing. */
export function tlsMode(connectionString: string): string {
  return new URL(connectionString).searchParams.get("sslmode") ?? "disable";
}

/** `sslmode` and `sslrootcert` as libpq has them: without this flag `require` would mean more here than everywhere else. */
function withTls(connectionString: string): string {
  if (tlsMode(connectionString) === "disable") return connectionString;
  const url = new URL(connectionString);
  url.searchParams.set("uselibpqcompat", "true");
  return url.href;
}

/** Closes the connection at once, whatever it is waiting for. */
export function dropSession(client: pg.Client): void {
  (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A literal that means the same under any setting of standard_conforming_strings. */
export function quoteLiteral(value: string): string {
  const quoted = `'${value.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return value.includes("\\") ? ` E${quoted}` : quoted;
}
