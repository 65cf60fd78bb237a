import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface OrgRecord {
  readonly Id: string;
  readonly Name: string | null;
  readonly Amount: number | null;
  readonly IsDeleted: boolean;
  /** ISO with `Z`. */
  readonly SystemModstamp: string;
}

/** The few calls of Salesforce that capture makes, over one object `Thing`. */
export interface TestOrg {
  readonly url: string;
  records: OrgRecord[];
  deletions: { id: string; deletedDate: string }[];
  /** Paths with query, in order. */
  readonly calls: string[];
  used: number;
  /** Answers the next matching call with this instead; return null to let it pass. */
  fail: (path: string) => { status: number; errorCode: string } | null;
  /** Sessions from before are refused. */
  expireSessions(): void;
  forgetJobs(): void;
  close(): Promise<void>;
}

const LIMIT = 1000;
const FIELDS = ["Id", "Name", "Amount", "IsDeleted", "SystemModstamp"] as const;
const TYPES: Record<(typeof FIELDS)[number], object> = {
  Id: { type: "id", nillable: false },
  Name: { type: "string", nillable: true },
  Amount: { type: "currency", nillable: true, precision: 18, scale: 2 },
  IsDeleted: { type: "boolean", nillable: false },
  SystemModstamp: { type: "datetime", nillable: false },
};

export async function startTestOrg(): Promise<TestOrg> {
  let session = 1;
  const jobs = new Map<string, readonly OrgRecord[]>();
  const server: Server = createServer((request, response) => void answer(request, response));

  const send = (response: ServerResponse, status: number, body: unknown): void => {
    response.writeHead(status, {
      "content-type": "application/json",
      "sforce-limit-info": `api-usage=${org.used}/${LIMIT}`,
    });
    response.end(JSON.stringify(body));
  };
  const csv = (records: readonly OrgRecord[]): string =>
    [
      FIELDS.join(","),
      ...records.map((record) =>
        FIELDS.map((name) => (record[name] === null ? "" : `"${String(record[name]).replaceAll('"', '""')}"`)).join(
          ",",
        ),
      ),
    ].join("\n") + "\n";
  const routes: [RegExp, (match: RegExpExecArray, url: URL, response: ServerResponse, method: string) => void][] = [
    [
      /\/sobjects\/Thing\/describe$/,
      (_m, _u, response) =>
        send(response, 200, {
          name: "Thing",
          label: "Thing",
          fields: [
            ...FIELDS.map((name) => ({ name, label: name, ...TYPES[name] })),
            { name: "Where", label: "Where", type: "address", nillable: true },
          ],
        }),
    ],
    [
      /\/jobs\/query$/,
      (_m, _u, response) => {
        const id = `750${jobs.size + 1}`;
        jobs.set(id, [...org.records]);
        send(response, 200, { id, state: "UploadComplete" });
      },
    ],
    [
      /\/jobs\/query\/(\w+)\/results$/,
      ([, id = ""], url, response) => {
        const all = jobs.get(id) ?? [];
        const start = Number(url.searchParams.get("locator") ?? 0);
        const end = start + Number(url.searchParams.get("maxRecords"));
        response.writeHead(200, {
          "content-type": "text/csv",
          "sforce-locator": end < all.length ? String(end) : "null",
        });
        response.end(csv(all.slice(start, end)));
      },
    ],
    [
      /\/jobs\/query\/(\w+)$/,
      ([, id = ""], _u, response, method) => {
        if (!jobs.has(id)) return send(response, 404, [{ errorCode: "NOT_FOUND", message: "no such job" }]);
        if (method === "DELETE") {
          response.writeHead(204).end();
          return;
        }
        send(response, 200, { id, state: "JobComplete" });
      },
    ],
    [
      /\/queryAll$/,
      (_m, url, response) => {
        const from = /SystemModstamp >= (\S+)/.exec(url.searchParams.get("q") ?? "")?.[1] ?? "";
        const found = org.records
          .filter((record) => record.SystemModstamp >= from)
          .toSorted((left, right) => (left.SystemModstamp < right.SystemModstamp ? -1 : 1));
        const records = found.map((record) => ({
          attributes: { type: "Thing" },
          ...record,
          SystemModstamp: record.SystemModstamp.replace("Z", "+0000"),
        }));
        send(response, 200, { totalSize: records.length, done: true, records });
      },
    ],
    [
      /\/sobjects\/Thing\/deleted\/?$/,
      (_m, url, response) =>
        send(response, 200, {
          deletedRecords: org.deletions,
          earliestDateAvailable: "2026-11-01T00:00:00.000+0000",
          latestDateCovered: url.searchParams.get("end"),
        }),
    ],
  ];

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    for await (const chunk of request) void chunk;
    const url = new URL(request.url ?? "", "http://org");
    if (url.pathname === "/services/oauth2/token")
      return send(response, 200, {
        access_token: `session-${session}`,
        instance_url: org.url,
        id: `${org.url}/id/00D/005`,
        token_type: "Bearer",
      });
    org.calls.push(url.pathname.replace(/^\/services\/data\/v[\d.]+/, "") + url.search);
    org.used += 1;
    if (request.headers.authorization !== `Bearer session-${session}`)
      return send(response, 401, [{ errorCode: "INVALID_SESSION_ID", message: "Session expired or invalid" }]);
    const failure = org.fail(url.pathname);
    if (failure !== null)
      return send(response, failure.status, [{ errorCode: failure.errorCode, message: "on purpose" }]);
    for (const [pattern, route] of routes) {
      const match = pattern.exec(url.pathname);
      if (match !== null) return route(match, url, response, request.method ?? "GET");
    }
    send(response, 404, [{ errorCode: "NOT_FOUND", message: url.pathname }]);
  };

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const org: TestOrg = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    records: [],
    deletions: [],
    calls: [],
    used: 0,
    fail: () => null,
    expireSessions: () => (session += 1),
    forgetJobs: () => jobs.clear(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return org;
}
