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

/** An answer that is none: a refusal, half of the real one (cut off, or closed as if it were whole), or silence. */
export type OrgFault = { readonly status: number; readonly errorCode: string } | "half" | "half-closed" | "silent";

/** The few calls of Salesforce that capture makes, over objects of the same few fields. */
export interface TestOrg {
  readonly url: string;
  /** Of the first object. */
  records: OrgRecord[];
  /** Of every object. */
  readonly tables: Map<string, OrgRecord[]>;
  deletions: { id: string; deletedDate: string }[];
  /** Paths with query, in order. */
  readonly calls: string[];
  used: number;
  /** Descriptions of the fields. */
  types: FieldTypes;
  /** API requests of a day. */
  limit: number;
  /** Most records of a page of bulk results, whatever is asked for. */
  pageRecords: number;
  /** What a call is answered with; null lets it pass. */
  fail: (path: string) => OrgFault | null;
  /** Sessions from before are refused. */
  expireSessions(): void;
  forgetJobs(): void;
  /** Places in results that were given before are refused; the jobs stay. */
  loseLocators(): void;
  close(): Promise<void>;
}

const FIELDS = ["Id", "Name", "Amount", "IsDeleted", "SystemModstamp"] as const;
type FieldTypes = Record<(typeof FIELDS)[number], object>;
const TYPES: FieldTypes = {
  Id: { type: "id", nillable: false },
  Name: { type: "string", nillable: true },
  Amount: { type: "currency", nillable: true, precision: 18, scale: 2 },
  IsDeleted: { type: "boolean", nillable: false },
  SystemModstamp: { type: "datetime", nillable: false },
};

export async function startTestOrg(objects: readonly [string, ...string[]] = ["Thing"]): Promise<TestOrg> {
  let session = 1;
  let locators = 1;
  const [first] = objects;
  const tables = new Map<string, OrgRecord[]>(objects.map((object) => [object, []]));
  const recordsOf = (soql: string): readonly OrgRecord[] => tables.get(/ FROM (\w+)/.exec(soql)?.[1] ?? "") ?? [];
  const jobs = new Map<string, readonly OrgRecord[]>();
  const server: Server = createServer((request, response) => void answer(request, response));

  const send = (response: ServerResponse, status: number, body: unknown): void => {
    response.writeHead(status, {
      "content-type": "application/json",
      "sforce-limit-info": `api-usage=${org.used}/${org.limit}`,
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
  const routes: [
    RegExp,
    (match: RegExpExecArray, url: URL, response: ServerResponse, method: string, body: string) => void,
  ][] = [
    [
      /\/sobjects\/(\w+)\/describe$/,
      ([, object], _u, response) =>
        send(response, 200, {
          name: object,
          label: object,
          fields: [
            ...FIELDS.map((name) => ({ name, label: name, ...org.types[name] })),
            { name: "Where", label: "Where", type: "address", nillable: true },
          ],
        }),
    ],
    [
      /\/jobs\/query$/,
      (_m, _u, response, _method, body) => {
        const id = `750${jobs.size + 1}`;
        const asked = JSON.parse(body) as { readonly operation: string; readonly query: string };
        const all = asked.operation === "queryAll";
        jobs.set(
          id,
          recordsOf(asked.query).filter((record) => all || !record.IsDeleted),
        );
        send(response, 200, { id, state: "UploadComplete" });
      },
    ],
    [
      /\/jobs\/query\/(\w+)\/results$/,
      ([, id = ""], url, response) => {
        const all = jobs.get(id) ?? [];
        const [place = "0", of = String(locators)] = (url.searchParams.get("locator") ?? "0").split("-");
        if (of !== String(locators))
          return send(response, 400, [{ errorCode: "INVALID_LOCATOR", message: "no such place" }]);
        const start = Number(place);
        const page = all.slice(start, start + Math.min(org.pageRecords, Number(url.searchParams.get("maxRecords"))));
        const end = start + page.length;
        response.writeHead(200, {
          "content-type": "text/csv",
          "sforce-locator": end < all.length ? `${end}-${locators}` : "null",
          "sforce-numberofrecords": page.length,
        });
        response.end(csv(page));
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
      /\/query$/,
      (_m, url, response) => {
        const live = recordsOf(url.searchParams.get("q") ?? "").filter((record) => !record.IsDeleted);
        send(response, 200, { totalSize: live.length, done: true, records: [] });
      },
    ],
    [
      /\/queryAll$/,
      (_m, url, response) => {
        const soql = url.searchParams.get("q") ?? "";
        const from = /SystemModstamp >= (\S+)/.exec(soql)?.[1] ?? "";
        const ids = /Id IN \((.*)\)/.exec(soql)?.[1];
        const found = recordsOf(soql)
          .filter((record) => record.SystemModstamp >= from && (ids === undefined || ids.includes(`'${record.Id}'`)))
          .toSorted((left, right) => (left.SystemModstamp < right.SystemModstamp ? -1 : 1));
        const records = found.map((record) => ({
          attributes: { type: "Record" },
          ...record,
          SystemModstamp: record.SystemModstamp.replace("Z", "+0000"),
        }));
        send(response, 200, { totalSize: records.length, done: true, records });
      },
    ],
    [
      /\/sobjects\/(\w+)\/deleted\/?$/,
      ([, object], url, response) =>
        send(response, 200, {
          deletedRecords: object === first ? org.deletions : [],
          earliestDateAvailable: "2026-11-01T00:00:00.000+0000",
          latestDateCovered: url.searchParams.get("end"),
        }),
    ],
  ];

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const url = new URL(request.url ?? "", "http://org");
    const failure = org.fail(url.pathname);
    if (failure === "silent") return;
    if (failure === "half" || failure === "half-closed") halve(response, failure === "half");
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
    if (failure !== null && typeof failure === "object")
      return send(response, failure.status, [{ errorCode: failure.errorCode, message: "on purpose" }]);
    for (const [pattern, route] of routes) {
      const match = pattern.exec(url.pathname);
      if (match !== null) return route(match, url, response, request.method ?? "GET", body);
    }
    send(response, 404, [{ errorCode: "NOT_FOUND", message: url.pathname }]);
  };

  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const org: TestOrg = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get records() {
      return tables.get(first) ?? [];
    },
    set records(records) {
      tables.set(first, records);
    },
    tables,
    deletions: [],
    calls: [],
    used: 0,
    types: TYPES,
    limit: 1000,
    pageRecords: Number.POSITIVE_INFINITY,
    fail: () => null,
    expireSessions: () => (session += 1),
    forgetJobs: () => jobs.clear(),
    loseLocators: () => (locators += 1),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return org;
}

/** Lets half of what is written through, then cuts the connection or closes the answer as if that were all. */
function halve(response: ServerResponse, cut: boolean): void {
  const end = response.end.bind(response) as (text: string, done?: () => void) => ServerResponse;
  response.end = ((text: string = "") => {
    const half = text.slice(0, Math.ceil(text.length / 2));
    if (!cut) return end(half);
    response.write(half, () => response.destroy());
    return response;
  }) as typeof response.end;
}
