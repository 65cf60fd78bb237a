import pg from "pg";

/** True when the server accepts a connection; false while it starts or is away. */
export async function accepts(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  client.on("error", () => undefined); // A server that goes away mid-probe is simply not accepting.
  try {
    await client.connect();
    return true;
  } catch {
    return false; // Every reason means the same here; the server's own log says which it was.
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Creates the databases that are missing. `url` names a database that exists and a role that may create. */
export async function ensureDatabases(url: string, names: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ datname: string }>(
      "SELECT datname FROM pg_database WHERE datname = ANY($1)",
      [names],
    );
    const present = new Set(rows.map((row) => row.datname));
    for (const name of names)
      if (!present.has(name)) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } finally {
    await client.end();
  }
}
