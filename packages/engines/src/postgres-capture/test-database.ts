import type pg from "pg";
import { memoryHost, rowsOf, type RunningCapture, startTestCapture, until } from "./test-capture.ts";
import type { PostgresConnectorOptions } from "./connector.ts";
import { connect, startTestServer, type TestServer } from "./test-server.ts";

/** A database of its own with a capture of it; `caughtUp` waits until everything before now is in raw. */
export interface CapturedDatabase {
  readonly url: string;
  readonly sql: pg.Client;
  readonly slot: string;
  readonly host: ReturnType<typeof memoryHost>;
  /** Starts capture; returns when changes flow. */
  start(options?: Partial<PostgresConnectorOptions>): Promise<RunningCapture>;
  caughtUp(): Promise<void>;
  /** `[op, key, payload]` of a stream. */
  told(stream: string): unknown[];
  end(): Promise<void>;
}

export interface TestDatabases {
  readonly server: TestServer;
  make(setup: string): Promise<CapturedDatabase>;
  stop(): Promise<void>;
}

/** One server for a test file, on which every test makes a database of its own. */
export async function testDatabases(settings: Readonly<Record<string, string>> = {}): Promise<TestDatabases> {
  const server = await startTestServer(settings);
  const made: CapturedDatabase[] = [];
  return {
    server,
    async make(setup) {
      const number = made.length + 1;
      const url = await server.createDatabase(`case_${number}`);
      const sql = await connect(url);
      await sql.query(`CREATE TABLE nova_mark (n int PRIMARY KEY); ${setup}`);
      const database = capturedDatabase(url, sql, `nova_case_${number}`);
      made.push(database);
      return database;
    },
    async stop() {
      await Promise.all(made.map((database) => database.end()));
      await server.stop();
    },
  };
}

function capturedDatabase(url: string, sql: pg.Client, slot: string): CapturedDatabase {
  const host = memoryHost();
  const running: RunningCapture[] = [];
  let marks = 0;
  let ended = false;
  return {
    url,
    sql,
    slot,
    host,
    async start(options = {}) {
      host.states.length = 0;
      const capture = startTestCapture(url, host, { slot, ...options });
      running.push(capture);
      await capture.streaming();
      return capture;
    },
    async caughtUp() {
      marks += 1;
      const mark = String(marks);
      await sql.query("INSERT INTO nova_mark VALUES ($1)", [mark]);
      await until(`mark ${mark}`, () =>
        rowsOf(host, "public.nova_mark").some((row) => row.payload?.["n"] === mark && row.op === "c"),
      );
    },
    told: (stream) => rowsOf(host, stream).map(({ op, key, payload }) => [op, key, payload]),
    async end() {
      for (const capture of running.splice(0)) await capture.stop().catch(() => undefined);
      if (!ended) await sql.end();
      ended = true;
    },
  };
}
