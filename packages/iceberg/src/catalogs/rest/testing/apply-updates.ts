import type { Snapshot, SnapshotRef, SortOrder, TableMetadata } from "../../../metadata/table-metadata.ts";
import type { PartitionSpec } from "../../../metadata/partition-spec.ts";
import type { Schema } from "../../../schema/schema.ts";
import { idsIn } from "./ids-in.ts";

/** A refusal in the protocol's error model. */
export class RestRefusal extends Error {
  readonly status: number;
  readonly type: string;
  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

type Json = Readonly<Record<string, unknown>>;
const long = (value: unknown): bigint | null =>
  value === null || value === undefined ? null : BigInt(value as string | number);

/** Throws a 409 unless every requirement holds for the table (REST specification, `TableRequirement`). */
export function checkRequirements(metadata: TableMetadata | null, requirements: readonly Json[]): void {
  for (const requirement of requirements) {
    const problem = broken(metadata, requirement);
    if (problem !== null)
      throw new RestRefusal(
        409,
        "CommitFailedException",
        `Requirement failed: ${String(requirement["type"])} ${problem}`,
      );
  }
}

function broken(metadata: TableMetadata | null, requirement: Json): string | null {
  const type = String(requirement["type"]);
  if (type === "assert-create") return metadata === null ? null : "the table exists";
  if (metadata === null) return "the table does not exist";
  const differs = (is: unknown, wanted: unknown): string | null =>
    is === wanted ? null : `is ${String(is)}, not ${String(wanted)}`;
  switch (type) {
    case "assert-table-uuid":
      return differs(metadata["table-uuid"], requirement["uuid"]);
    case "assert-ref-snapshot-id":
      return differs(
        metadata.refs[String(requirement["ref"])]?.["snapshot-id"] ?? null,
        long(requirement["snapshot-id"]),
      );
    case "assert-last-assigned-field-id":
      return differs(metadata["last-column-id"], requirement["last-assigned-field-id"]);
    case "assert-current-schema-id":
      return differs(metadata["current-schema-id"], requirement["current-schema-id"]);
    case "assert-last-assigned-partition-id":
      return differs(metadata["last-partition-id"], requirement["last-assigned-partition-id"]);
    case "assert-default-spec-id":
      return differs(metadata["default-spec-id"], requirement["default-spec-id"]);
    case "assert-default-sort-order-id":
      return differs(metadata["default-sort-order-id"], requirement["default-sort-order-id"]);
    default:
      throw new RestRefusal(400, "BadRequestException", `unknown requirement ${type}`);
  }
}

/** Applies a commit's updates in their order (REST specification, `TableUpdate`); a bad one refuses all. */
export function applyUpdates(metadata: TableMetadata, updates: readonly Json[], now: number): TableMetadata {
  return updates.reduce((state, update) => apply(state, update, now), metadata);
}

function apply(state: TableMetadata, update: Json, now: number): TableMetadata {
  switch (update["action"]) {
    case "assign-uuid":
      return { ...state, "table-uuid": String(update["uuid"]) };
    case "upgrade-format-version":
      if (update["format-version"] !== 2) throw bad("only format version 2 is served");
      return state;
    case "set-location":
      return { ...state, location: String(update["location"]) };
    case "set-properties":
      return { ...state, properties: { ...state.properties, ...(update["updates"] as Record<string, string>) } };
    case "remove-properties": {
      const gone = new Set(update["removals"] as string[]);
      const kept = Object.entries(state.properties).filter(([name]) => !gone.has(name));
      return { ...state, properties: Object.fromEntries(kept) };
    }
    case "add-schema": {
      const schema = update["schema"] as Schema;
      return {
        ...state,
        schemas: [...state.schemas, schema],
        "last-column-id": Math.max(state["last-column-id"], ...idsIn(schema)),
      };
    }
    case "set-current-schema":
      return { ...state, "current-schema-id": pick(update["schema-id"], state.schemas, "schema-id") };
    case "add-spec": {
      const spec = update["spec"] as PartitionSpec;
      return {
        ...state,
        "partition-specs": [...state["partition-specs"], spec],
        "last-partition-id": Math.max(state["last-partition-id"], ...spec.fields.map((field) => field["field-id"])),
      };
    }
    case "set-default-spec":
      return { ...state, "default-spec-id": pick(update["spec-id"], state["partition-specs"], "spec-id") };
    case "add-sort-order":
      return { ...state, "sort-orders": [...state["sort-orders"], update["sort-order"] as SortOrder] };
    case "set-default-sort-order":
      return {
        ...state,
        "default-sort-order-id": pick(update["sort-order-id"], state["sort-orders"], "order-id"),
      };
    case "add-snapshot":
      return addSnapshot(state, update["snapshot"] as Json);
    case "set-snapshot-ref":
      return setRef(state, update, now);
    case "remove-snapshot-ref":
      return removeRef(state, String(update["ref-name"]));
    case "remove-snapshots":
      return removeSnapshots(state, (update["snapshot-ids"] as unknown[]).map(long) as bigint[]);
    case "remove-statistics":
      return withoutStatistics(state, "statistics", long(update["snapshot-id"]));
    case "remove-partition-statistics":
      return withoutStatistics(state, "partition-statistics", long(update["snapshot-id"]));
    default:
      throw bad(`unknown update ${String(update["action"])}`);
  }
}

function addSnapshot(state: TableMetadata, json: Json): TableMetadata {
  const snapshot = {
    ...json,
    "snapshot-id": long(json["snapshot-id"]),
    "parent-snapshot-id": long(json["parent-snapshot-id"]) ?? undefined,
  } as Snapshot;
  if (snapshot["sequence-number"] <= state["last-sequence-number"])
    throw bad(`sequence number ${snapshot["sequence-number"]} is not above ${state["last-sequence-number"]}`);
  if (state.snapshots.some((each) => each["snapshot-id"] === snapshot["snapshot-id"]))
    throw bad("snapshot id is taken");
  return {
    ...state,
    "last-sequence-number": snapshot["sequence-number"],
    "last-updated-ms": snapshot["timestamp-ms"],
    snapshots: [...state.snapshots, snapshot],
  };
}

function setRef(state: TableMetadata, update: Json, now: number): TableMetadata {
  const name = String(update["ref-name"]);
  const id = long(update["snapshot-id"]) as bigint;
  const snapshot = state.snapshots.find((each) => each["snapshot-id"] === id);
  if (!snapshot) throw bad(`ref ${name} to unknown snapshot ${id}`);
  const { action: _action, "ref-name": _name, ...rest } = update;
  const ref = { ...rest, "snapshot-id": id } as unknown as SnapshotRef;
  const refs = { ...state.refs, [name]: ref };
  if (name !== "main") return { ...state, refs };
  const line = { "snapshot-id": id, "timestamp-ms": Math.max(now, snapshot["timestamp-ms"]) };
  return { ...state, refs, "current-snapshot-id": id, "snapshot-log": [...state["snapshot-log"], line] };
}

function removeRef(state: TableMetadata, name: string): TableMetadata {
  const { [name]: _gone, ...refs } = state.refs;
  return { ...state, refs, ...(name === "main" ? { "current-snapshot-id": null } : {}) };
}

function removeSnapshots(state: TableMetadata, ids: readonly bigint[]): TableMetadata {
  const gone = new Set(ids);
  for (const [name, ref] of Object.entries(state.refs))
    if (gone.has(ref["snapshot-id"])) throw bad(`ref ${name} still needs snapshot ${ref["snapshot-id"]}`);
  return {
    ...state,
    snapshots: state.snapshots.filter((each) => !gone.has(each["snapshot-id"])),
    "snapshot-log": state["snapshot-log"].filter((line) => !gone.has(line["snapshot-id"])),
  };
}

function withoutStatistics(state: TableMetadata, field: string, id: bigint | null): TableMetadata {
  const list = (state.extra[field] ?? []) as { "snapshot-id": unknown }[];
  return { ...state, extra: { ...state.extra, [field]: list.filter((each) => long(each["snapshot-id"]) !== id) } };
}

/** -1 names the one added last. */
function pick<T extends object>(id: unknown, among: readonly T[], key: keyof T): number {
  const wanted = id === -1 ? (among.at(-1)?.[key] as number) : (id as number);
  if (!among.some((each) => each[key] === wanted)) throw bad(`${String(key)} ${wanted} is unknown`);
  return wanted;
}

function bad(message: string): RestRefusal {
  return new RestRefusal(400, "BadRequestException", message);
}
