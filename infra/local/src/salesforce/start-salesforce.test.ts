import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import jsforce from "jsforce";
import { afterEach, describe, expect, test } from "vitest";
import { type SalesforceOptions, type SalesforceStandIn, startSalesforce } from "./start-salesforce.ts";

const credentials = {
  clientId: "client",
  clientSecret: "client-secret",
  username: "integration@novaretail.example",
  password: "pass & word<1>",
};
const counts = { Account: 20, Contact: 300, Opportunity: 30, Case: 40 };
const NOON = Date.UTC(2026, 10, 23, 12);
const open: SalesforceStandIn[] = [];
const folders: string[] = [];

async function start(extra: Partial<SalesforceOptions> = {}): Promise<SalesforceStandIn> {
  const standIn = await startSalesforce({
    port: 0,
    credentials,
    counts,
    bulkQueuedMs: 0,
    bulkRunningMs: 0,
    log: () => undefined,
    ...extra,
  });
  open.push(standIn);
  return standIn;
}

async function connect(standIn: SalesforceStandIn): Promise<jsforce.Connection> {
  const connection = new jsforce.Connection({
    loginUrl: standIn.url,
    version: "62.0",
    oauth2: { loginUrl: standIn.url, clientId: credentials.clientId, clientSecret: credentials.clientSecret },
  });
  await connection.login(credentials.username, credentials.password);
  return connection;
}

function stateDir(): string {
  const folder = mkdtempSync(join(tmpdir(), "salesforce-"));
  folders.push(folder);
  return folder;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((standIn) => standIn.close()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe("signing in with jsforce", () => {
  test("by OAuth user name and password, and an expired session renews itself", async () => {
    const standIn = await start();
    const connection = await connect(standIn);
    expect((await connection.query("SELECT COUNT() FROM Contact")).totalSize).toBe(300);
    standIn.expireSessions();
    expect((await connection.query("SELECT COUNT() FROM Contact")).totalSize).toBe(300);
  });

  test("by client credentials and by refresh token", async () => {
    const standIn = await start();
    const oauth2 = { loginUrl: standIn.url, clientId: credentials.clientId, clientSecret: credentials.clientSecret };
    const server = new jsforce.Connection({ loginUrl: standIn.url, version: "62.0", oauth2 });
    await server.authorize({ grant_type: "client_credentials" });
    expect((await server.query("SELECT COUNT() FROM Account")).totalSize).toBe(20);

    const token = await server.oauth2.authenticate(credentials.username, credentials.password);
    const renewing = new jsforce.Connection({
      version: "62.0",
      oauth2,
      instanceUrl: standIn.url,
      accessToken: "long gone",
      refreshToken: token.refresh_token ?? "",
    });
    expect((await renewing.query("SELECT COUNT() FROM Account")).totalSize).toBe(20);
  });

  test("by SOAP when there is no connected app", async () => {
    const standIn = await start();
    const connection = new jsforce.Connection({ loginUrl: standIn.url, version: "62.0" });
    await connection.login(credentials.username, credentials.password);
    expect((await connection.query("SELECT COUNT() FROM Case")).totalSize).toBe(40);
    await expect(
      new jsforce.Connection({ loginUrl: standIn.url, version: "62.0" }).login(credentials.username, "wrong"),
    ).rejects.toThrow("INVALID_LOGIN");
  });

  test("is refused with Salesforce words when the password or the app is wrong", async () => {
    const { url } = await start();
    const connection = new jsforce.Connection({
      loginUrl: url,
      oauth2: { loginUrl: url, clientId: "client", clientSecret: "wrong" },
    });
    await expect(connection.login(credentials.username, credentials.password)).rejects.toMatchObject({
      name: "invalid_client",
    });
    const other = new jsforce.Connection({
      loginUrl: url,
      oauth2: { loginUrl: url, clientId: "client", clientSecret: "client-secret" },
    });
    await expect(other.login(credentials.username, "wrong")).rejects.toMatchObject({ name: "invalid_grant" });
  });
});

describe("reading with jsforce", () => {
  test("describe names the types of every field of all four objects", async () => {
    const connection = await connect(await start());
    const names = (await connection.describeGlobal()).sobjects.map((object) => object.name);
    expect(names).toEqual(["Account", "Contact", "Opportunity", "Case"]);
    const contact = await connection.describe("Contact");
    const types = Object.fromEntries(contact.fields.map((field) => [field.name, field.type]));
    expect(types).toMatchObject({
      Id: "id",
      Email: "email",
      Birthdate: "date",
      SystemModstamp: "datetime",
      HasOptedOutOfEmail: "boolean",
      MailingAddress: "address",
      AccountId: "reference",
    });
    expect(contact.fields.find((field) => field.name === "Order_Customer_Id__c")).toMatchObject({
      custom: true,
      externalId: true,
    });
  });

  test("query pages through all records once, with sorted 18-character ids", async () => {
    const connection = await connect(await start());
    const ids = (
      await connection.query("SELECT Id, Email FROM Contact ORDER BY Id", {
        autoFetch: true,
        maxFetch: 1000,
        headers: { "Sforce-Query-Options": "batchSize=200" },
      })
    ).records.map((record) => String(record.Id));
    expect(ids).toHaveLength(300);
    expect(new Set(ids).size).toBe(300);
    expect([...ids].sort()).toEqual(ids);
    expect(ids.every((id) => /^003[0-9A-Za-z]{15}$/.test(id))).toBe(true);
  });

  test("a window of SystemModstamp, IN, LIKE, null and parentheses find what they say", async () => {
    const standIn = await start();
    const connection = await connect(standIn);
    const all = [...standIn.store.all("Contact")];
    const stamp = String(all[17]?.SystemModstamp);
    const windowed = await connection.query(
      `SELECT Id FROM Contact WHERE SystemModstamp >= ${stamp} AND (NOT Email = null)`,
    );
    expect(windowed.totalSize).toBe(
      all.filter((row) => String(row.SystemModstamp) >= stamp && row.Email !== null).length,
    );
    const [first, second] = all.map((row) => String(row.Id));
    expect(
      (
        await connection.query(
          `SELECT Id FROM Contact WHERE Id IN ('${first}', '${second?.slice(0, 15)}') AND (IsDeleted = false OR Name LIKE 'x%')`,
        )
      ).totalSize,
    ).toBe(2);
    const row = (await connection.query(`SELECT COUNT(Id) n, MAX(SystemModstamp) newest FROM Contact`)).records[0];
    expect(row).toMatchObject({
      n: 300,
      newest: all
        .map((each) => String(each.SystemModstamp))
        .toSorted()
        .at(-1)
        ?.replace("Z", "+0000"),
    });
  });

  test.each([
    ["SELECT Nope FROM Contact", "INVALID_FIELD"],
    ["SELECT Id FROM Invoice", "INVALID_TYPE"],
    ["SELECT Id Contact", "MALFORMED_QUERY"],
    ["SELECT Id FROM Contact WHERE SystemModstamp > '2026-01-01'", "INVALID_FIELD"],
    ["SELECT Id FROM Contact WHERE Name = 'a' AND Email = 'b' OR Email = 'c'", "MALFORMED_QUERY"],
    ["SELECT Id FROM Contact; DROP", "MALFORMED_QUERY"],
  ])("%s is refused as %s", async (soql, errorCode) => {
    const connection = await connect(await start());
    await expect(connection.query(soql)).rejects.toMatchObject({ errorCode });
  });
});

describe("Bulk API 2.0", () => {
  test("jsforce reads all records, values with commas, quotes and line breaks whole", async () => {
    const standIn = await start();
    const id = standIn.store.insert("Contact", { Description: 'one, "two"\nthree', FirstName: null }, NOON);
    const connection = await connect(standIn);
    const stream = await connection.bulk2.query(
      "SELECT Id, FirstName, LastName, Description, HasOptedOutOfEmail FROM Contact",
    );
    const records = await stream.toArray();
    expect(records).toHaveLength(301);
    expect(records.find((record) => record.Id === id)).toMatchObject({
      Description: 'one, "two"\nthree',
      FirstName: "",
    });
    expect(new Set(records.map((record) => record.HasOptedOutOfEmail))).toEqual(new Set(["true", "false"]));
  });

  test("a job goes through its states, and its pages can be read again by locator while records change", async () => {
    let now = NOON;
    const standIn = await start({ bulkQueuedMs: 1000, bulkRunningMs: 1000, now: () => now });
    const connection = await connect(standIn);
    const root = "/services/data/v62.0/jobs/query";
    const created = await connection.request<{ id: string; state: string }>({
      method: "POST",
      url: root,
      body: JSON.stringify({ operation: "query", query: "SELECT Id, SystemModstamp FROM Contact" }),
      headers: { "content-type": "application/json" },
    });
    expect(created.state).toBe("UploadComplete");
    const state = async (): Promise<string> =>
      (await connection.request<{ state: string }>(`${root}/${created.id}`)).state;
    now += 1500;
    expect(await state()).toBe("InProgress");
    standIn.store.purge("Contact", String(standIn.store.idAt("Contact", 5)), now);
    now += 1000;
    expect(await state()).toBe("JobComplete");

    const page = async (locator?: string, version = "62.0"): Promise<Response> => {
      const query = `maxRecords=120${locator === undefined ? "" : `&locator=${locator}`}`;
      return fetch(`${standIn.url}/services/data/v${version}/jobs/query/${created.id}/results?${query}`, {
        headers: { authorization: `Bearer ${connection.accessToken}` },
      });
    };
    const texts: string[] = [];
    const locators: (string | undefined)[] = [undefined];
    for (const locator of locators) {
      const response = await page(locator);
      texts.push(await response.text());
      const next = response.headers.get("sforce-locator") ?? "";
      if (next !== "null") locators.push(next);
    }
    expect(texts.map((text) => text.trimEnd().split("\n").length - 1)).toEqual([120, 120, 60]);
    expect(texts[0]).toMatch(/^"Id","SystemModstamp"\n"003\w{15}","\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z"\n/);
    expect(await (await page(locators[1])).text()).toBe(texts[1]);
    expect((await page(undefined, "61.0")).status).toBe(409);
    expect((await page("bogus")).status).toBe(400);
  });

  test("queryAll shows deleted records until they are purged; query never does", async () => {
    const standIn = await start();
    const connection = await connect(standIn);
    const [gone, purged] = [String(standIn.store.idAt("Case", 1)), String(standIn.store.idAt("Case", 2))];
    await connection.sobject("Case").destroy(gone);
    standIn.store.purge("Case", purged, Date.now());
    const count = async (scanAll: boolean): Promise<number> =>
      (await (await connection.bulk2.query("SELECT Id FROM Case", { scanAll })).toArray()).length;
    expect(await count(false)).toBe(38);
    expect(await count(true)).toBe(39);
    expect(
      (await connection.query("SELECT Id FROM Case WHERE IsDeleted = true", { scanAll: true })).records.map(
        (record) => record.Id,
      ),
    ).toEqual([gone]);
  });

  test("compound fields and aggregates are refused", async () => {
    const connection = await connect(await start());
    await expect(connection.bulk2.query("SELECT MailingAddress FROM Contact")).rejects.toThrow(
      "compound data not supported",
    );
    await expect(connection.bulk2.query("SELECT COUNT(Id) FROM Contact")).rejects.toThrow("Aggregate");
  });
});

describe("what changes", () => {
  test("created, updated and deleted records of a client show with a new SystemModstamp", async () => {
    let now = NOON;
    const connection = await connect(await start({ now: () => now }));
    const created = await connection.sobject("Contact").create({ LastName: "Neu", Email: "neu@mail.example" });
    now += 5_000;
    await connection.sobject("Contact").update({ Id: String(created.id), Email: "newer@mail.example" });
    const [record] = (
      await connection.query(`SELECT Email, CreatedDate, SystemModstamp FROM Contact WHERE Id = '${created.id}'`)
    ).records;
    expect(record).toMatchObject({
      Email: "newer@mail.example",
      CreatedDate: "2026-11-23T12:00:00.000+0000",
      SystemModstamp: "2026-11-23T12:00:05.000+0000",
    });
    await expect(connection.sobject("Contact").create({ LastName: "x", SystemModstamp: "y" })).rejects.toMatchObject({
      errorCode: "INVALID_FIELD_FOR_INSERT_UPDATE",
    });
  });

  test("with a rate, people work in the org while it is read", { timeout: 20_000 }, async () => {
    const standIn = await start({ rate: "peak" });
    const connection = await connect(standIn);
    const since = new Date(standIn.store.seededAt - 1000).toISOString();
    const changed = async (): Promise<number> =>
      (await connection.query(`SELECT COUNT() FROM Contact WHERE SystemModstamp > ${since}`)).totalSize;
    await expect.poll(changed, { timeout: 15_000 }).toBeGreaterThan(3);
  });

  test("getDeleted names soft-deleted and purged records and how far it looked", async () => {
    let now = NOON;
    const standIn = await start({ now: () => now });
    const connection = await connect(standIn);
    const [gone, purged] = [String(standIn.store.idAt("Contact", 3)), String(standIn.store.idAt("Contact", 4))];
    standIn.store.remove("Contact", gone, now);
    standIn.store.purge("Contact", purged, now);
    now += 90_000;
    const answer = await connection.sobject("Contact").deleted("2026-11-23T11:00:30Z", "2026-11-23T13:00:00Z");
    expect(answer.deletedRecords.map(({ id }) => id).toSorted()).toEqual([gone, purged].toSorted());
    expect(answer).toMatchObject({
      latestDateCovered: "2026-11-23T12:01:00.000+0000",
      earliestDateAvailable: "2026-11-08T12:01:00.000+0000",
    });
    await expect(
      connection.sobject("Contact").deleted("2026-11-23T11:00:10Z", "2026-11-23T11:00:50Z"),
    ).rejects.toMatchObject({ errorCode: "INVALID_REPLICATION_DATE" });
  });

  test("a restart brings the same org back with every live change", async () => {
    const folder = stateDir();
    const first = await start({ stateDir: folder });
    const [updated, deleted, purged] = [0, 1, 2].map((at) => String(first.store.idAt("Contact", at)));
    first.store.update("Contact", updated ?? "", { Email: "changed@mail.example" }, NOON);
    first.store.remove("Contact", deleted ?? "", NOON);
    first.store.purge("Contact", purged ?? "", NOON);
    const inserted = first.store.insert("Contact", {}, NOON);
    const before = [...first.store.all("Contact")];
    await first.close();

    const second = await start({ stateDir: folder });
    expect([...second.store.all("Contact")]).toEqual(before);
    expect(second.store.deletions("Contact")).toEqual(first.store.deletions("Contact"));
    expect(second.store.insert("Contact", {}, NOON) > inserted).toBe(true);
  });
});

describe("limits and failures", () => {
  test("every call is counted, shown, and refused beyond the budget", async () => {
    const standIn = await start({ dailyApiRequests: 3 });
    const connection = await connect(standIn);
    await connection.query("SELECT COUNT() FROM Account");
    expect(connection.limitInfo).toEqual({ apiUsage: { used: 1, limit: 3 } });
    expect(await connection.limits()).toMatchObject({ DailyApiRequests: { Max: 3, Remaining: 1 } });
    await connection.query("SELECT COUNT() FROM Account");
    await expect(connection.query("SELECT COUNT() FROM Account")).rejects.toMatchObject({
      errorCode: "REQUEST_LIMIT_EXCEEDED",
    });
  });

  test("planned failures answer once each", async () => {
    const standIn = await start();
    const connection = await connect(standIn);
    standIn.failNext({ status: 503, times: 2 });
    standIn.failNext({ errorCode: "REQUEST_LIMIT_EXCEEDED" });
    const answers: unknown[] = [];
    for (let i = 0; i < 4; i += 1) {
      const response = await fetch(`${standIn.url}/services/data/v62.0/sobjects/Case`, {
        headers: { authorization: `Bearer ${connection.accessToken}` },
      });
      const body: unknown = await response.json();
      answers.push([response.status, Array.isArray(body) ? body[0].errorCode : "answered"]);
    }
    expect(answers).toEqual([
      [503, "SERVER_UNAVAILABLE"],
      [503, "SERVER_UNAVAILABLE"],
      [403, "REQUEST_LIMIT_EXCEEDED"],
      [200, "answered"],
    ]);
  });

  test("an unknown path or version is NOT_FOUND", async () => {
    const connection = await connect(await start());
    await expect(connection.request("/services/data/v12.0/limits")).rejects.toMatchObject({ errorCode: "NOT_FOUND" });
    await expect(connection.request("/services/data/v62.0/nothing")).rejects.toMatchObject({ errorCode: "NOT_FOUND" });
    await expect(connection.describe("Invoice")).rejects.toMatchObject({ errorCode: "NOT_FOUND" });
  });
});
