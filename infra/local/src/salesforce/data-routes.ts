import type { FastifyInstance, FastifyRequest } from "fastify";
import { type ApiBudget, limitsOf } from "./api-budget.ts";
import { faultOf } from "./api-fault.ts";
import type { BulkQueryJobs } from "./bulk-query-jobs.ts";
import { deletedRecords } from "./deleted-records.ts";
import { describeObject, describeSummary } from "./describe.ts";
import { fieldNamed, objectNamed, type ObjectDefinition, OBJECT_NAMES, OBJECTS } from "./objects.ts";
import { createQueryCursors, type QueryCursor } from "./query-cursors.ts";
import { id18 } from "./record-id.ts";
import { aggregateRow, findRange, findRecords, restRecord } from "./run-query.ts";
import type { RecordStore } from "./record-store.ts";
import type { SObjectRecord } from "./seed-records.ts";
import { parseSoql } from "./soql.ts";

export interface DataApi {
  readonly store: RecordStore;
  readonly jobs: BulkQueryJobs;
  readonly budget: ApiBudget;
  /** How long deletes stay in the log of `getDeleted` (ms). */
  readonly deletionsKeptMs: number;
  readonly now: () => number;
}

interface VersionPath {
  readonly version: string;
}
interface ObjectPath extends VersionPath {
  readonly object: string;
}
interface RecordPath extends ObjectPath {
  readonly id: string;
}

const DEFAULT_BATCH = 2_000;
export const baseOf = (version: string): string => `/services/data/v${version}`;

function objectOf(name: string): ObjectDefinition {
  const object = objectNamed(name);
  if (object === undefined) throw faultOf("NOT_FOUND");
  return object;
}

/** `Sforce-Query-Options: batchSize=500`, within the limits Salesforce keeps to. */
function batchSize(request: FastifyRequest): number {
  const asked = /batchSize\s*=\s*(\d+)/i.exec(String(request.headers["sforce-query-options"] ?? ""))?.[1];
  return asked === undefined ? DEFAULT_BATCH : Math.min(DEFAULT_BATCH, Math.max(200, Number(asked)));
}

function registerQueries(app: FastifyInstance, api: DataApi): void {
  const cursors = createQueryCursors();

  function page(cursor: QueryCursor, id: string | null, offset: number, size: number, version: string): object {
    const { query, rows } = cursor;
    const end = Math.min(rows.length, offset + size);
    const done = end >= rows.length;
    const records = rows.slice(offset, end).map((row) => restRecord(query.object, query.fields, row, baseOf(version)));
    const next = done ? {} : { nextRecordsUrl: `${baseOf(version)}/query/${id ?? cursors.open(cursor)}-${end}` };
    return { totalSize: rows.length, done, ...next, records };
  }

  for (const [path, withDeleted] of [
    ["query", false],
    ["queryAll", true],
  ] as const) {
    app.get<{ Params: VersionPath; Querystring: { q?: string } }>(`/services/data/v:version/${path}`, (request) => {
      if (request.query.q === undefined) throw faultOf("MALFORMED_QUERY", "The query parameter 'q' is missing");
      const query = parseSoql(request.query.q);
      if (query.countOnly)
        return { totalSize: findRange(api.store, query, withDeleted).count, done: true, records: [] };
      const rows = findRecords(api.store, query, withDeleted);
      if (query.aggregates.length > 0) return { totalSize: 1, done: true, records: [aggregateRow(query, rows)] };
      return page({ query, rows }, null, 0, batchSize(request), request.params.version);
    });

    app.get<{ Params: VersionPath & { locator: string } }>(`/services/data/v:version/${path}/:locator`, (request) => {
      const { id, cursor, offset } = cursors.find(request.params.locator);
      return page(cursor, id, offset, batchSize(request), request.params.version);
    });
  }
}

/** Checks what a client writes: known, writable fields and their rough type. */
function writable(object: ObjectDefinition, body: Readonly<Record<string, unknown>>): SObjectRecord {
  const fields: Record<string, string | number | boolean | null> = {};
  for (const [name, value] of Object.entries(body)) {
    if (name === "attributes") continue;
    const field = fieldNamed(object, name);
    if (field === undefined)
      throw faultOf("INVALID_FIELD", `No such column '${name}' on sobject of type ${object.name}`);
    if (field.readOnly)
      throw faultOf(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        `Unable to create/update fields: ${field.name}. Please check the security settings of this field and verify that it is read/write for your profile or permission set.`,
      );
    if (value !== null && typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
      throw faultOf("JSON_PARSER_ERROR", `Cannot deserialize field ${field.name}`);
    fields[field.name] = value;
  }
  if (object.name === "Contact" && ("FirstName" in fields || "LastName" in fields))
    fields.Name = `${String(fields.FirstName ?? "")} ${String(fields.LastName ?? "")}`.trim();
  return fields;
}

function registerRecords(app: FastifyInstance, api: DataApi): void {
  const { store, now } = api;

  function existing(object: ObjectDefinition, id: string): SObjectRecord {
    const record = store.get(object.name, id18(id) ?? "");
    if (record === undefined)
      throw faultOf("NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + id);
    if (record.IsDeleted === true) throw faultOf("ENTITY_IS_DELETED", "entity is deleted", 404);
    return record;
  }

  app.get<{ Params: RecordPath }>("/services/data/v:version/sobjects/:object/:id", (request) => {
    const object = objectOf(request.params.object);
    return restRecord(object, object.fields, existing(object, request.params.id), baseOf(request.params.version));
  });

  app.post<{ Params: ObjectPath; Body: Record<string, unknown> }>(
    "/services/data/v:version/sobjects/:object",
    (request, reply) => {
      const object = objectOf(request.params.object);
      const id = store.insert(object.name, writable(object, request.body), now());
      return reply.code(201).send({ id, success: true, errors: [] });
    },
  );

  app.patch<{ Params: RecordPath; Body: Record<string, unknown> }>(
    "/services/data/v:version/sobjects/:object/:id",
    (request, reply) => {
      const object = objectOf(request.params.object);
      const record = existing(object, request.params.id);
      store.update(object.name, String(record.Id), writable(object, request.body), now());
      return reply.code(204).send();
    },
  );

  app.delete<{ Params: RecordPath }>("/services/data/v:version/sobjects/:object/:id", (request, reply) => {
    const object = objectOf(request.params.object);
    const record = existing(object, request.params.id);
    store.remove(object.name, String(record.Id), now());
    return reply.code(204).send();
  });
}

/** The REST API below `/services/data/vXX.X`: describe, records, queries, deletes, limits. */
export function registerDataRoutes(app: FastifyInstance, api: DataApi): void {
  app.get<{ Params: VersionPath }>("/services/data/v:version", (request) => {
    const base = baseOf(request.params.version);
    return {
      sobjects: `${base}/sobjects`,
      query: `${base}/query`,
      queryAll: `${base}/queryAll`,
      limits: `${base}/limits`,
      jobs: `${base}/jobs`,
    };
  });

  app.get<{ Params: VersionPath }>("/services/data/v:version/sobjects", (request) => ({
    encoding: "UTF-8",
    maxBatchSize: 200,
    sobjects: OBJECT_NAMES.map((name) => describeSummary(OBJECTS[name], baseOf(request.params.version))),
  }));

  app.get<{ Params: ObjectPath }>("/services/data/v:version/sobjects/:object", (request) => ({
    objectDescribe: describeSummary(objectOf(request.params.object), baseOf(request.params.version)),
    recentItems: [],
  }));

  app.get<{ Params: ObjectPath }>("/services/data/v:version/sobjects/:object/describe", (request) =>
    describeObject(objectOf(request.params.object), baseOf(request.params.version)),
  );

  app.get<{ Params: ObjectPath; Querystring: { start?: string; end?: string } }>(
    "/services/data/v:version/sobjects/:object/deleted",
    (request) =>
      deletedRecords(api.store, objectOf(request.params.object).name, request.query, api.deletionsKeptMs, api.now()),
  );

  app.get("/services/data/v:version/limits", () => limitsOf(api.budget, api.jobs.budget));
  registerQueries(app, api);
  registerRecords(app, api);
}
