import { randomUUID } from "node:crypto";
import { encodeMetadata, metadataFrom, parseMetadata } from "../../../metadata/metadata-json.ts";
import type { TableMetadata } from "../../../metadata/table-metadata.ts";
import type { Schema } from "../../../schema/schema.ts";
import type { TableIdentifier } from "../../catalog.ts";
import { applyUpdates, checkRequirements, RestRefusal } from "./apply-updates.ts";
import { namespaceOf } from "./facade-namespaces.ts";
import { idsIn } from "./ids-in.ts";
import { nextMetadataLocation, page, type FacadeOptions, type Reply, type Routes } from "./facade-protocol.ts";

type Json = Readonly<Record<string, unknown>>;

/** `/namespaces/{namespace}/tables…` and `…/register`. */
export function facadeTables(options: FacadeOptions, known: (namespace: string) => Promise<boolean>): Routes {
  const { catalog, storage } = options;
  const read = async (location: string): Promise<TableMetadata> =>
    parseMetadata(await storage.read(location), location);
  const write = async (metadata: TableMetadata, previous: string | null): Promise<string> => {
    const location = nextMetadataLocation(metadata.location, previous);
    await storage.create(location, encodeMetadata(metadata));
    return location;
  };
  const reply = (location: string, metadata: TableMetadata): Reply => ({
    status: 200,
    json: {
      "metadata-location": location,
      metadata: asJson(metadata),
      config: options.tableConfig ?? {},
    },
  });
  const missing = (id: TableIdentifier): RestRefusal =>
    new RestRefusal(404, "NoSuchTableException", `Table does not exist: ${id.namespace}.${id.name}`);
  const requireNamespace = async (namespace: string): Promise<void> => {
    if (!(await known(namespace)))
      throw new RestRefusal(404, "NoSuchNamespaceException", `Namespace does not exist: ${namespace}`);
  };

  const create = async (id: TableIdentifier, body: Json): Promise<Reply> => {
    await requireNamespace(id.namespace);
    if ((await catalog.currentMetadata(id)) !== null)
      throw new RestRefusal(409, "AlreadyExistsException", "Table exists");
    const metadata = newMetadata(options, id, body);
    const location = await write(metadata, null);
    await catalog.register(id, location);
    return reply(location, metadata);
  };

  const commit = async (id: TableIdentifier, body: Json): Promise<Reply> => {
    const current = await catalog.currentMetadata(id);
    if (current === null) throw missing(id);
    const metadata = await read(current);
    checkRequirements(metadata, (body["requirements"] ?? []) as Json[]);
    const now = Math.max(Date.now(), metadata["last-updated-ms"]);
    const applied = applyUpdates(metadata, (body["updates"] ?? []) as Json[], now);
    const line = { "metadata-file": current, "timestamp-ms": metadata["last-updated-ms"] };
    const next = { ...applied, "last-updated-ms": now, "metadata-log": [...metadata["metadata-log"], line] };
    const location = await write(next, current);
    if (!(await catalog.swap(id, { expected: current, next: location })))
      throw new RestRefusal(409, "CommitFailedException", "Cannot commit: the table has been updated concurrently");
    return reply(location, next);
  };

  const drop = async (id: TableIdentifier, purge: boolean): Promise<Reply> => {
    const location = await catalog.currentMetadata(id);
    if (location === null) throw missing(id);
    const folder = purge ? (await read(location)).location : null;
    await catalog.unregister(id);
    if (folder !== null) for await (const file of storage.list(folder)) await storage.delete(file.location);
    return { status: 204 };
  };

  return async (method, [first, part, kind, name, ...more], { query, body }) => {
    if (first !== "namespaces" || part === undefined || more.length > 0) return null;
    const namespace = namespaceOf(part);
    if (kind === "register" && method === "POST") {
      const id = { namespace, name: String(body["name"]) };
      await requireNamespace(namespace);
      const location = String(body["metadata-location"]);
      const metadata = await read(location);
      await catalog.register(id, location);
      return reply(location, metadata);
    }
    if (kind !== "tables") return null;
    if (name === undefined) {
      if (method === "POST") return create({ namespace, name: String(body["name"]) }, body);
      await requireNamespace(namespace);
      const { items, next } = page(await catalog.listTables(namespace), query, options.maxPage ?? 100);
      const identifiers = items.map((each) => ({ namespace: each.namespace.split("."), name: each.name }));
      return { status: 200, json: { identifiers, "next-page-token": next } };
    }
    const id = { namespace, name };
    if (method === "POST") return commit(id, body);
    if (method === "DELETE") return drop(id, query.get("purgeRequested") === "true");
    const location = await catalog.currentMetadata(id);
    if (location === null) throw missing(id);
    return method === "HEAD" ? { status: 204 } : reply(location, await read(location));
  };
}

/** The JSON of a metadata file, which keeps `extra` at the top level. */
function asJson({ extra, ...rest }: TableMetadata): unknown {
  return { ...extra, ...rest, "current-snapshot-id": rest["current-snapshot-id"] ?? undefined };
}

function newMetadata(options: FacadeOptions, id: TableIdentifier, body: Json): TableMetadata {
  const schema = { ...(body["schema"] as Schema), "schema-id": 0 };
  const spec = { "spec-id": 0, ...(body["partition-spec"] as { fields?: { "field-id"?: number }[] } | null) };
  const fields = (spec.fields ?? []).map((field, index) => ({ "field-id": 1000 + index, ...field }));
  const order = (body["write-order"] ?? { "order-id": 0, fields: [] }) as { "order-id": number };
  const location = (
    (body["location"] as string | undefined) ??
    `${options.warehouse}/${id.namespace.replaceAll(".", "/")}/${id.name}-${randomUUID()}`
  ).replace(/\/+$/, "");
  return metadataFrom(
    {
      "format-version": 2,
      "table-uuid": randomUUID(),
      location,
      "last-sequence-number": 0,
      "last-updated-ms": Date.now(),
      "last-column-id": Math.max(0, ...idsIn(schema)),
      schemas: [schema],
      "current-schema-id": 0,
      "partition-specs": [{ "spec-id": 0, fields }],
      "default-spec-id": 0,
      "last-partition-id": Math.max(999, ...fields.map((field) => field["field-id"])),
      "sort-orders": order["order-id"] === 0 ? [order] : [{ "order-id": 0, fields: [] }, order],
      "default-sort-order-id": order["order-id"],
      properties: body["properties"] ?? {},
    },
    location,
  );
}
