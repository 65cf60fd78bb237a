import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { workerQueries } from "./worker-queries.ts";

const ID = "01a2067c-0a46-7c94-a014-9ed442c9f16c";
const USER = "01900000-0000-7000-8000-000000000001";

interface Seen {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

let server: Server | undefined;
afterEach(() => new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve()))));

/** A worker that gives one answer to everything and remembers what it was asked. */
async function workerAnswering(status: number, body: unknown) {
  const seen: Seen[] = [];
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString();
      const { method, url, headers } = request;
      seen.push({ method, url, authorization: headers.authorization, body: text === "" ? null : JSON.parse(text) });
      response.writeHead(status, { "content-type": "application/json", connection: "close" });
      response.end(body === undefined ? "" : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { seen, queries: workerQueries({ url: `http://127.0.0.1:${port}`, token: "the worker's token" }) };
}

describe("the worker's query service over HTTP", () => {
  it("starts a query for a user, with the token", async () => {
    const { seen, queries } = await workerAnswering(202, { queryId: ID });
    expect(await queries.start({ sql: "SELECT 1", userId: USER, limits: { rows: 20 } })).toBe(ID);
    expect(seen).toEqual([
      {
        method: "POST",
        url: "/internal/queries",
        authorization: "Bearer the worker's token",
        body: { sql: "SELECT 1", userId: USER, limits: { rows: 20 } },
      },
    ]);
  });

  it("reads a status with its times, and pages of exact values", async () => {
    const status = {
      id: ID,
      state: "failed",
      datasets: ["curated.orders"],
      columns: null,
      rows: 0,
      bytes: 0,
      truncated: null,
      masked: [],
      startedAt: "2026-11-23T10:00:00.000Z",
      endedAt: "2026-11-23T10:00:01.000Z",
      error: { kind: "query-refused", message: "no", remedy: "Send one SELECT.", at: { line: 1, column: 8 } },
    };
    const one = await workerAnswering(200, status);
    expect(await one.queries.status(ID, USER)).toEqual({
      ...status,
      startedAt: new Date(status.startedAt),
      endedAt: new Date(status.endedAt),
    });
    expect(one.seen[0]?.url).toBe(`/internal/queries/${ID}?userId=${USER}`);
    server?.close();
    const page = { rows: [["9007199254740993", null, { a: ["x"] }, true]], next: 3 };
    const two = await workerAnswering(200, page);
    expect(await two.queries.page(ID, USER, 2)).toEqual(page);
    expect(two.seen[0]?.url).toBe(`/internal/queries/${ID}/pages?userId=${USER}&after=2`);
  });

  it("cancels with an empty answer", async () => {
    const { seen, queries } = await workerAnswering(204, undefined);
    await queries.cancel(ID, USER);
    expect(seen[0]).toMatchObject({ method: "POST", body: { userId: USER } });
  });

  it("hands on the worker's own kind and words", async () => {
    const { queries } = await workerAnswering(404, { error: { kind: "not-found", message: "query is not known" } });
    await expect(queries.status(ID, USER)).rejects.toMatchObject({ kind: "not-found", message: "query is not known" });
  });

  it("says that the worker is silent when nobody listens", async () => {
    const { queries } = await workerAnswering(200, {});
    await new Promise<void>((resolve) => server?.close(() => resolve()));
    server = undefined;
    await expect(queries.start({ sql: "SELECT 1", userId: USER })).rejects.toMatchObject({
      kind: "overloaded",
      message: expect.stringContaining("worker does not answer"),
    });
  });

  it.each([
    [200, { unexpected: true }],
    [502, "<html>"],
  ])("takes an answer of another shape (HTTP %s) as a fault of ours", async (status, body) => {
    const { queries } = await workerAnswering(status, body);
    await expect(queries.status(ID, USER)).rejects.toMatchObject({ kind: "internal" });
  });
});
