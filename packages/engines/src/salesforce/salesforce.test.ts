import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { memoryCaptureHost, type MemoryCaptureHost } from "@nova/pipeline-core/connectors/capture/testing";
import { salesforceConnector } from "./connector.ts";
import { type OrgRecord, startTestOrg, type TestOrg } from "./testing.ts";

const START = Date.parse("2026-11-23T09:00:00Z");
let org: TestOrg;
let host: MemoryCaptureHost;
let now: number;
let made = 0;

beforeEach(async () => {
  org = await startTestOrg();
  now = START;
  host = memoryCaptureHost("salesforce", {
    clock: { now: () => new Date(now) },
    ids: { next: () => `id-${(made += 1)}` },
  });
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
      "/jobs/query/7501/results?maxRecords=10&locator=20-1",
      "/jobs/query/7501/results?maxRecords=10&locator=30-1",
      "/jobs/query/7501/results?maxRecords=10&locator=40-1",
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

describe("bulk results that do not come whole", () => {
  beforeEach(() => {
    org.records = Array.from({ length: 45 }, (_, index) => record(index));
  });
  const everyKey = (): Set<string> => new Set(org.records.map(({ Id }) => `r ${Id}`));

  test.each(["half", "half-closed"] as const)(
    "a page of which half arrives (%s) is read again, and no record of it is taken twice or left out",
    async (fault) => {
      let times = 0;
      org.fail = (path) => (path.endsWith("/results") && (times += 1) === 2 ? fault : null);
      await expect(run(polled)).rejects.toMatchObject({ kind: "source-unreachable" });
      expect(keys()).toHaveLength(10);
      await run(polled);
      expect(keys()).toHaveLength(45);
      expect(new Set(keys())).toEqual(everyKey());
    },
  );

  test.each(["half", "half-closed"] as const)(
    "an answer of any other call of which half arrives (%s) fails the run, never the process",
    async (fault) => {
      const unhandled: unknown[] = [];
      const note = (error: unknown): void => void unhandled.push(error);
      process.on("uncaughtException", note);
      for (const part of ["/oauth2/token", "/describe", "/jobs/query", "/queryAll"]) {
        if (part === "/queryAll") await run(polled);
        org.fail = (path) => (path.endsWith(part) ? fault : null);
        await expect(run(() => false)).rejects.toMatchObject({ kind: "source-unreachable" });
        org.fail = () => null;
      }
      process.off("uncaughtException", note);
      expect(unhandled).toEqual([]);
      expect(new Set(keys())).toEqual(everyKey());
    },
  );

  test("a place in them that Salesforce no longer knows is said, and the records are read from the first", async () => {
    host.beforeCommit = () => {
      if (host.rows.op.length === 20) org.loseLocators();
    };
    await expect(run(polled)).rejects.toMatchObject({
      kind: "source-unreachable",
      message: expect.stringContaining("the place in the bulk results of Thing is lost"),
    });
    host.beforeCommit = () => undefined;
    await run(polled);
    expect(new Set(keys())).toEqual(everyKey());
    expect((await host.streams())[0]).toMatchObject({ state: "streaming", rowsRead: 45 });
  });

  test("so it is while an object is read again: the request stays open until every record came", async () => {
    await run(polled);
    const request = host.ask("Thing", "resync");
    now += 60_000;
    host.beforeCommit = () => {
      if (host.rows.op.length === 65) org.loseLocators();
    };
    await expect(run(() => host.settled.has(request))).rejects.toMatchObject({ kind: "source-unreachable" });
    host.beforeCommit = () => undefined;
    await run(() => host.settled.has(request));
    expect(host.settled.get(request)?.message).toContain("45 records read again");
    expect(new Set(keys().slice(-46, -1))).toEqual(everyKey());
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

describe("an object that is read again because somebody accepted a change of its fields", () => {
  const ids = (op: string): string[] => keys().filter((key) => key.startsWith(op));
  beforeEach(async () => {
    org.records = Array.from({ length: 25 }, (_, index) => record(index));
    await run(polled);
    org.types = { ...org.types, Amount: { type: "string", nillable: true } };
    now += 60_000;
  });

  test("is told as drift, read page by page under the new schema, and the request is settled with counts", async () => {
    const request = host.ask("Thing", "resync");
    await run(() => host.settled.has(request));
    expect(host.drift.map(({ change }) => change.kind)).toEqual(["retyped"]);
    expect(host.settled.get(request)).toEqual({
      state: "done",
      message: "25 records read again; what is no longer in the source is marked deleted",
    });
    expect(ids("r")).toHaveLength(50);
    expect(host.rows.schemaVersion.slice(25, 50)).toEqual(Array.from({ length: 25 }, () => 2));
    // Every one of them wins over what is stored; what the sweep stands before is not told again.
    const [before, after] = [host.rows.position.slice(0, 25), host.rows.position.slice(25, 50)];
    const sweep = host.rows.position[host.rows.op.indexOf("t")] ?? "";
    expect([before.toSorted().at(-1) ?? "", sweep, after.toSorted()[0] ?? ""].toSorted()).toEqual([
      before.toSorted().at(-1),
      sweep,
      after.toSorted()[0],
    ]);
    const progress = host.batches.flatMap((batch) => batch.progress ?? []).slice(-4);
    expect(progress.map(({ state, rowsRead, rowsExpected }) => [state, rowsRead, rowsExpected])).toEqual([
      ["snapshotting", 0, 25],
      ["snapshotting", 10, 25],
      ["snapshotting", 20, 25],
      ["streaming", 25, 25],
    ]);
  });

  test("goes on at its page after the worker died, and takes changes meanwhile", async () => {
    const request = host.ask("Thing", "resync");
    host.beforeCommit = () => {
      if (host.rows.op.length >= 45) throw new Error("killed");
    };
    await expect(run(() => host.settled.has(request))).rejects.toThrow("killed");
    host.beforeCommit = () => undefined;
    org.records[1] = record(1, { Name: "changed", SystemModstamp: "2026-11-23T09:01:30.000Z" });
    now += 60_000;
    org.calls.length = 0;
    await run(() => host.settled.has(request) && polled());
    expect(org.calls.filter((call) => call.includes("/results"))).toEqual([
      "/jobs/query/7502/results?maxRecords=10&locator=20-1",
    ]);
    expect(ids("u")).toEqual(["u 00300001"]);
    expect(ids("r")).toHaveLength(50);
  });

  test("replay reads just what stands in quarantine; what makes no sense is refused in words", async () => {
    const payload = JSON.stringify({ Id: "00300003", Name: "x" });
    const item = { source: "salesforce", stream: "Thing", reason: "type-mismatch", detail: "", payload } as const;
    await host.quarantine.add([{ ...item, receivedAt: new Date(now) }]);
    const [replay, nothing] = [host.ask("Thing", "replay"), host.ask("Nothing", "resync")];
    await run(() => host.settled.has(replay) && host.settled.has(nothing));
    expect(ids("r").slice(25)).toEqual(["r 00300003"]);
    expect(host.settled.get(replay)?.message).toBe("1 records read again, 0 no longer in the source");
    expect(host.settled.get(nothing)).toEqual({
      state: "failed",
      message: "nothing to resync: there is no such object",
    });
  });
});

describe("an object that is paused", () => {
  const stateOf = async (): Promise<string | undefined> => (await host.streams())[0]?.state;
  const ask = async (action: "pause" | "resume"): Promise<string | undefined> => {
    const request = host.ask("Thing", action);
    await run(() => host.settled.has(request));
    return host.settled.get(request)?.message;
  };
  beforeEach(async () => {
    org.records = [record(1), record(2)];
    await run(polled);
  });

  test("is not asked for, over restarts too; resumed it goes on where it stood, and misses no change and no deletion", async () => {
    expect(await ask("pause")).toContain("are not taken until it is resumed");
    now += 3_600_000;
    org.records[1] = record(2, { Name: "changed", SystemModstamp: "2026-11-23T09:30:00.000Z" });
    org.deletions = [{ id: "00300001", deletedDate: "2026-11-23T09:40:00.000+0000" }];
    org.calls.length = 0;
    await run(polled);
    expect(org.calls.filter((call) => !call.includes("describe"))).toEqual([]);
    expect(await stateOf()).toBe("paused");
    expect(keys()).toHaveLength(2);

    expect(await ask("resume")).toBe("changes of Thing since 2026-11-23T09:00:00.000Z are read at the next poll");
    now += 1_000;
    await run(polled);
    expect(await stateOf()).toBe("streaming");
    expect(keys().slice(2)).toEqual(["u 00300002", "d 00300001"]);
    expect(org.calls.some((call) => call.includes("/jobs/query"))).toBe(false);
  });

  test("for longer than deletions are listed is read again as a whole when it is resumed", async () => {
    await ask("pause");
    now += 31 * 86_400_000;
    org.records = [record(2)];
    expect(await ask("resume")).toContain("1 records read again; what is no longer in the source is marked deleted");
    expect(host.rows.op).toContain("t");
    expect(await stateOf()).toBe("streaming");
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
