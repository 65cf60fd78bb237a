import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { memoryCaptureHost, type MemoryCaptureHost } from "@nova/pipeline-core/connectors/capture/testing";
import { salesforceConnector } from "./connector.ts";
import { type OrgRecord, startTestOrg, type TestOrg } from "./test-org.ts";

const START = Date.parse("2026-11-23T09:00:00Z");
let org: TestOrg;
let host: MemoryCaptureHost;
let now: number;

beforeEach(async () => {
  org = await startTestOrg();
  now = START;
  host = memoryCaptureHost("salesforce", { clock: { now: () => new Date(now) }, ids: { next: () => "id" } });
});
afterEach(() => org.close());

const record = (index: number, more: Partial<OrgRecord> = {}): OrgRecord => ({
  Id: `003${String(index).padStart(5, "0")}`,
  Name: `Thing "${index}", Inc.`,
  Amount: index + 0.5,
  IsDeleted: false,
  SystemModstamp: "2026-11-20T10:00:00.000Z",
  ...more,
});

/** Runs the connector until `done`; rejects with what it failed with. */
async function run(done: () => boolean, grant: "password" | "client-credentials" = "password"): Promise<void> {
  const stopper = new AbortController();
  const connector = salesforceConnector({
    source: "salesforce",
    loginUrl: org.url,
    credentials: { grant, clientId: "c", clientSecret: "s", username: "u", password: "p" },
    objects: ["Thing"],
    pollEveryMillis: 5,
    pageRecords: 10,
  });
  const running = connector.run(host, stopper.signal);
  running.catch(() => stopper.abort());
  while (!done() && !stopper.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
  stopper.abort();
  await running;
}
const polled = (): boolean => host.through() !== null && host.through()!.getTime() >= now;
const keys = (): string[] =>
  host.rows.key.map((key, row) => `${host.rows.op[row]} ${(JSON.parse(key ?? "{}") as { Id: string }).Id}`);

describe("a full load of Salesforce", () => {
  test("brings every record as text, deleted ones as deletes, and describes the object", async () => {
    org.records = [record(1), record(2, { Name: null, Amount: null }), record(3, { IsDeleted: true })];
    await run(polled);
    expect(keys()).toEqual(["r 00300001", "r 00300002", "d 00300003"]);
    expect(host.rows.payload.map((payload) => payload && (JSON.parse(payload) as unknown))).toEqual([
      {
        Id: "00300001",
        Name: 'Thing "1", Inc.',
        Amount: "1.5",
        IsDeleted: "false",
        SystemModstamp: "2026-11-20T10:00:00.000Z",
      },
      { Id: "00300002", Name: null, Amount: null, IsDeleted: "false", SystemModstamp: "2026-11-20T10:00:00.000Z" },
      null,
    ]);
    const [stream] = await host.streams();
    expect(stream).toMatchObject({ state: "streaming", rowsRead: 3, schema: { key: ["Id"] } });
    expect(stream?.schema.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      "Id string",
      "Name string",
      "Amount decimal(18,2)",
      "IsDeleted boolean",
      "SystemModstamp timestamptz",
    ]);
    expect(host.states).toEqual(["snapshotting", "streaming"]);
  });

  test("that dies goes on at the page behind the last committed one, of the same job", async () => {
    org.records = Array.from({ length: 45 }, (_, index) => record(index));
    host.beforeCommit = () => {
      if (host.rows.op.length >= 20) throw new Error("killed");
    };
    await expect(run(polled)).rejects.toThrow("killed");
    host.beforeCommit = () => undefined;
    org.calls.length = 0;
    await run(polled);
    expect(keys()).toEqual(org.records.map(({ Id }) => `r ${Id}`));
    expect(org.calls.filter((call) => call.includes("/results"))).toEqual([
      "/jobs/query/7501/results?maxRecords=10&locator=20",
      "/jobs/query/7501/results?maxRecords=10&locator=30",
      "/jobs/query/7501/results?maxRecords=10&locator=40",
    ]);
  });

  test("begins anew when Salesforce no longer has the job", async () => {
    org.records = Array.from({ length: 25 }, (_, index) => record(index));
    host.beforeCommit = () => {
      if (host.rows.op.length >= 10) throw new Error("killed");
    };
    await expect(run(polled)).rejects.toThrow("killed");
    host.beforeCommit = () => undefined;
    org.forgetJobs();
    await run(polled);
    expect(new Set(keys()).size).toBe(25);
    expect((await host.streams())[0]).toMatchObject({ state: "streaming", rowsRead: 25 });
  });
});

describe("changes of Salesforce", () => {
  test("come once each although the window overlaps, with the same text as the full load has", async () => {
    org.records = [record(1), record(2)];
    await run(polled);
    const before = host.rows.payload[0];
    now += 20_000;
    org.records[1] = record(2, { Name: "changed", SystemModstamp: "2026-11-23T09:00:10.000Z" });
    org.records.push(record(3, { IsDeleted: true, SystemModstamp: "2026-11-23T09:00:12.000Z" }));
    await run(polled);
    now += 20_000;
    org.records[0] = { ...record(1), SystemModstamp: "2026-11-23T09:00:11.000Z" };
    await run(polled);
    expect(keys().slice(2)).toEqual(["u 00300002", "d 00300003", "u 00300001"]);
    expect(host.rows.payload[4]).toBe(before?.replace("2026-11-20T10:00:00.000Z", "2026-11-23T09:00:11.000Z"));
    expect(host.rows.position[2]).toBe("2026-11-23T09:00:10.000Z.00300002");
    expect(host.through()?.getTime()).toBe(now);
  });

  test("records that were purged are found in the delete log, once", async () => {
    org.records = [record(1)];
    await run(polled);
    org.deletions = [{ id: "00300001", deletedDate: "2026-11-23T09:01:00.000+0000" }];
    for (let round = 0; round < 3; round += 1) {
      now += 180_000;
      await run(polled);
    }
    expect(keys()).toEqual(["r 00300001", "d 00300001"]);
  });
});

describe("the session", () => {
  test.each(["password", "client-credentials"] as const)(
    "that expires (%s) is renewed in the middle of the work",
    async (grant) => {
      org.records = Array.from({ length: 25 }, (_, index) => record(index));
      let expired = 0;
      org.fail = (path) => {
        if (expired < 1 && path.includes("/results")) {
          expired += 1;
          org.expireSessions();
          return { status: 401, errorCode: "INVALID_SESSION_ID" };
        }
        return null;
      };
      await run(polled, grant);
      org.expireSessions();
      now += 20_000;
      await run(polled, grant);
      expect(keys()).toHaveLength(25);
    },
  );

  test("stops before the org's API budget is gone", async () => {
    org.records = [record(1)];
    org.used = 899;
    await expect(run(polled)).rejects.toMatchObject({ kind: "source-budget" });
    expect(org.used).toBeLessThan(910);
  });

  test.each([
    [400, "INVALID_FIELD", "source-misconfigured"],
    [403, "REQUEST_LIMIT_EXCEEDED", "source-budget"],
    [500, "UNKNOWN_EXCEPTION", "source-unreachable"],
  ])("an answer %s %s is told as %s", async (status, errorCode, kind) => {
    org.fail = (path) => (path.includes("/jobs/query") ? { status, errorCode } : null);
    await expect(run(polled)).rejects.toMatchObject({ kind });
  });

  test("an org that is away is told as source-unreachable", async () => {
    await org.close();
    await expect(run(polled)).rejects.toMatchObject({ kind: "source-unreachable" });
  });
});
