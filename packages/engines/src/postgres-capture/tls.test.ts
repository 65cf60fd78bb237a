import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startTestPostgres, testAuthority, type TestPostgres } from "@nova/test-postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { diagnosePostgres } from "./diagnose.ts";
import { memoryHost, rowsOf, startTestCapture, until } from "./test-capture.ts";
import { connect } from "./test-server.ts";

const authority = testAuthority("NovaRetail test authority");
let server: TestPostgres;
let folder: string;
let plain: string;
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "nova-tls-"));
  await writeFile(file("ca.pem"), authority.certificate);
  await writeFile(file("other.pem"), testAuthority("Somebody else").certificate);
  server = await startTestPostgres({}, authority.issue(["localhost"]));
  plain = await server.createDatabase("encrypted");
  const sql = await connect(plain);
  await sql.query("CREATE TABLE items (id int PRIMARY KEY, body text); INSERT INTO items VALUES (1, 'there')");
  await sql.end();
}, 60_000);
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const url = (mode: string, ca: string | null, host = "localhost"): string => {
  const made = new URL(plain);
  made.hostname = host;
  made.searchParams.set("sslmode", mode);
  if (ca !== null) made.searchParams.set("sslrootcert", file(ca));
  return made.href;
};
const firstFindings = async (connectionString: string): Promise<string[]> => {
  const options = { slot: "nova_tls", publication: "nova_tls", tables: null };
  const { findings } = await diagnosePostgres({ connectionString, ...options });
  return findings
    .filter(({ requirement }) => requirement === "Connection" || requirement === "Encryption")
    .map(({ requirement, outcome, found }) => `${requirement} ${outcome}: ${found}`);
};

describe("the connection to the source is encrypted", () => {
  test("snapshot and changes come through TLS, the server's certificate checked by name", async () => {
    const host = memoryHost();
    const capture = startTestCapture(url("verify-full", "ca.pem"), host, { slot: "nova_tls" });
    await capture.streaming();
    const sql = await connect(plain);
    const { rows } = await sql.query<{ name: string; ssl: boolean }>(
      "SELECT application_name AS name, ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid) WHERE application_name LIKE 'nova-capture%'",
    );
    expect(rows.map(({ name }) => name)).toContain("nova-capture-stream");
    expect(rows.every(({ ssl }) => ssl)).toBe(true);
    await sql.query("INSERT INTO items VALUES (2, 'later')");
    await until("the change", () => rowsOf(host, "public.items").length === 2);
    await sql.end();
    await capture.stop();
  });

  test.each([
    ["require", null, "localhost", "Encryption ok: TLSv1.3, but nobody checks whose certificate it is"],
    ["verify-ca", "ca.pem", "127.0.0.1", "Encryption ok: TLSv1.3, the server's certificate is checked (verify-ca)"],
    ["verify-full", "ca.pem", "localhost", "Encryption ok: TLSv1.3, the server's certificate is checked (verify-full)"],
  ])("%s says so in the source's check", async (mode, ca, host, found) => {
    expect((await firstFindings(url(mode, ca, host)))[1]).toContain(found);
  });

  test.each([
    ["another authority", "verify-full", "other.pem", "localhost", "set ORDERS_DB_CA_FILE to the file with its CA"],
    ["no authority we know", "verify-full", null, "localhost", "is not signed by the authority we trust"],
    ["another host's name", "verify-full", "ca.pem", "127.0.0.1", "is for another host name"],
    ["a CA file that is not there", "verify-full", "gone.pem", "localhost", "cannot be read"],
  ])("%s is refused and told in words", async (_what, mode, ca, host, said) => {
    const [found] = await firstFindings(url(mode, ca, host));
    expect(found).toMatch(/^Connection wrong: TLS: /);
    expect(found).toContain(said);
    expect(found).not.toContain("nova:nova");
  });
});
