import pg from "pg";
import { Repeated } from "./repeated.ts";

const INSERTS = 20;
const UPDATES = 15;
const DELETES = 5;
const PAUSE_MS = 50;
const SEED_ROWS = 5_000;

/** Row changes of a shop that survives its own database: every transaction counts itself, so that the truth is in SQL. */
export class RowSource {
  private readonly traffic = new Repeated(() => this.change(), PAUSE_MS);
  private client: pg.Client | null = null;
  private readonly url: string;
  /** Changes, and their rows in raw, from before the count began anew. */
  private before = { changes: 0, raw: 0 };

  constructor(url: string) {
    this.url = url;
  }

  async seed(): Promise<void> {
    await this.ask(`
      CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric(12,2) NOT NULL, wide text);
      ALTER TABLE accounts ALTER COLUMN wide SET STORAGE EXTERNAL;
      INSERT INTO accounts SELECT n, n * 1.25, CASE WHEN n % 50 = 0 THEN repeat('wide-' || n, 600) END FROM generate_series(1, ${SEED_ROWS}) n;
      CREATE TABLE bursts (number bigint PRIMARY KEY, changes bigint NOT NULL)`);
  }

  start(): void {
    this.traffic.start();
  }

  async stop(): Promise<void> {
    await this.traffic.stop();
    await this.disconnect();
  }

  /** [rows, sum of balances, checksum by key, changes made since they are counted] */
  async truth(): Promise<string[]> {
    return this.ask(`SELECT count(*)::text, sum(balance)::text, md5(string_agg(id || ':' || balance || ':' || coalesce(wide, '-'), ',' ORDER BY id)),
      (SELECT (coalesce(sum(changes), 0) - ${this.before.changes})::text FROM bursts) FROM accounts`);
  }

  /** Changes ever made. */
  async made(): Promise<number> {
    return this.before.changes + Number((await this.truth())[3]);
  }

  /** Leaves out of the count what was made, and what stands in raw of it, by now; both since they were last counted. */
  countFrom(changes: number, raw: number): void {
    this.before = { changes: this.before.changes + changes, raw: this.before.raw + raw };
  }

  /** The same of the lake; a change that stands in raw twice makes the last two differ. */
  lakeSql(): string {
    return `SELECT count(*), sum(balance), md5(string_agg(id || ':' || balance || ':' || coalesce(wide, '-'), ',' ORDER BY id)),
      (SELECT count(*) - ${this.before.raw} FROM raw.orders_db WHERE stream = 'public.accounts' AND op IN ('c', 'u', 'd')),
      (SELECT count(DISTINCT (key, position, op)) - ${this.before.raw} FROM raw.orders_db WHERE stream = 'public.accounts' AND op IN ('c', 'u', 'd'))
    FROM staged.orders_db__accounts WHERE _deleted_at IS NULL`;
  }

  private async change(): Promise<void> {
    try {
      this.client ??= await this.connect();
      await this.burst(this.client);
    } catch {
      // The database is what is broken just now. Whether the last burst committed is in the database.
      await this.disconnect();
    }
  }

  private async disconnect(): Promise<void> {
    await this.client?.end().catch(() => undefined);
    this.client = null;
  }

  private async burst(client: pg.Client): Promise<void> {
    await client.query("BEGIN");
    const { rows } = await client.query<{ next: number }>(
      "SELECT coalesce(max(number), 0)::int + 1 AS next FROM bursts",
    );
    const number = rows[0]?.next ?? 1;
    const first = 1_000_000 + number * INSERTS;
    const old = 1 + ((number * (UPDATES + DELETES)) % SEED_ROWS);
    await client.query(
      "INSERT INTO accounts SELECT n, n / 100.0, 'live-' || n FROM generate_series($1::bigint, $2::bigint) n",
      [first, first + INSERTS - 1],
    );
    const updated = await client.query("UPDATE accounts SET balance = balance + 0.01 WHERE id BETWEEN $1 AND $2", [
      old,
      old + UPDATES - 1,
    ]);
    const deleted = await client.query("DELETE FROM accounts WHERE id BETWEEN $1 AND $2", [
      old + UPDATES,
      old + UPDATES + DELETES - 1,
    ]);
    const changes = INSERTS + (updated.rowCount ?? 0) + (deleted.rowCount ?? 0);
    await client.query("INSERT INTO bursts VALUES ($1, $2)", [number, changes]);
    await client.query("SAVEPOINT undone");
    await client.query("UPDATE accounts SET balance = -1 WHERE id % 97 = $1", [number % 97]);
    await client.query("ROLLBACK TO SAVEPOINT undone");
    await client.query("COMMIT");
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 5000 });
    client.on("error", () => undefined);
    await client.connect();
    return client;
  }

  private async ask(sql: string): Promise<string[]> {
    const client = await this.connect();
    try {
      const result = await client.query<string[]>({ text: sql, rowMode: "array" });
      return result.rows?.[0] ?? [];
    } finally {
      await client.end();
    }
  }
}
