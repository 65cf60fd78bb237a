import pg from "pg";

export { startTestPostgres as startTestServer, type TestPostgres as TestServer } from "@nova/test-postgres";

export async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}
