import { setTimeout as pause } from "node:timers/promises";
import type pg from "pg";

/** Each burst is one transaction: as many inserts, updates and deletes as below, and one that is rolled back. */
const INSERTS = 20;
const UPDATES = 15;
const DELETES = 5;
/** Between bursts: steady traffic that a worker on a busy machine can still keep up with. */
const PAUSE_MS = 60;

/**
 * Changes to `accounts` in one database, one transaction after the other, so that the number of row changes is known
 * exactly. The column `wide` is TOASTed and left out of most updates.
 */
export class RowTraffic {
  /** Committed row changes since `start`. */
  changes = 0;
  private burst = 0;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private readonly source: pg.Client;

  constructor(source: pg.Client) {
    this.source = source;
  }

  readonly stagedChecksumSql = `
    SELECT count(*), sum(id), sum(balance), md5(string_agg(id || ':' || balance || ':' || coalesce(wide, '-'), ',' ORDER BY id))
    FROM staged.orders_db__accounts WHERE _deleted_at IS NULL`;

  async seed(accounts: number): Promise<void> {
    await this.source.query(`
      CREATE TABLE accounts (id bigint PRIMARY KEY, balance numeric(12,2) NOT NULL, wide text);
      ALTER TABLE accounts ALTER COLUMN wide SET STORAGE EXTERNAL;
      INSERT INTO accounts SELECT n, n * 1.25, CASE WHEN n % 50 = 0 THEN repeat('wide-' || n, 600) END
      FROM generate_series(1, ${accounts}) n`);
  }

  start(): void {
    this.running = this.loop();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  async sourceChecksum(): Promise<string[]> {
    const { rows } = await this.source.query<string[]>({
      text: `SELECT count(*)::text, sum(id)::text, sum(balance)::text,
        md5(string_agg(id || ':' || balance || ':' || coalesce(wide, '-'), ',' ORDER BY id)) FROM accounts`,
      rowMode: "array",
    });
    return rows[0] ?? [];
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      await this.commitBurst();
      await this.rollBackBurst();
      await pause(PAUSE_MS);
    }
  }

  private async commitBurst(): Promise<void> {
    const first = 1_000_000 + this.burst * INSERTS;
    const old = 1 + this.burst * (UPDATES + DELETES);
    await this.source.query("BEGIN");
    await this.source.query(
      `INSERT INTO accounts SELECT n, n / 100.0, 'live-' || n FROM generate_series($1::bigint, $2::bigint) n`,
      [first, first + INSERTS - 1],
    );
    const updated = await this.source.query(`UPDATE accounts SET balance = balance + 0.01 WHERE id BETWEEN $1 AND $2`, [
      old,
      old + UPDATES - 1,
    ]);
    const deleted = await this.source.query(`DELETE FROM accounts WHERE id BETWEEN $1 AND $2`, [
      old + UPDATES,
      old + UPDATES + DELETES - 1,
    ]);
    await this.source.query("COMMIT");
    this.changes += INSERTS + (updated.rowCount ?? 0) + (deleted.rowCount ?? 0);
    this.burst += 1;
  }

  private async rollBackBurst(): Promise<void> {
    await this.source.query("BEGIN");
    await this.source.query("UPDATE accounts SET balance = -1 WHERE id % 97 = $1", [this.burst % 97]);
    await this.source.query("ROLLBACK");
  }
}
