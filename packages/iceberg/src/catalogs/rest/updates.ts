import { IcebergError } from "../../errors.ts";
import { stringifyWithLongs } from "../../metadata/json-longs.ts";
import type { Snapshot, SnapshotRef, TableMetadata } from "../../metadata/table-metadata.ts";

/** One change or one condition of a commit, as the REST protocol's `TableUpdate` and `TableRequirement` spell them. */
export type TableUpdate = { readonly action: string } & Readonly<Record<string, unknown>>;
export type TableRequirement = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface CommitBody {
  readonly requirements: readonly TableRequirement[];
  readonly updates: readonly TableUpdate[];
}

/**
 * What turns one metadata into another, and what must still be true of the table for it (REST specification,
 * `CommitTableRequest`). The conditions are as strict as the pointer swap they replace wherever a change depends on the
 * rows: every branch and tag must be where it was. Sequence number, log and timestamps follow by the service's own rules.
 */
export function commitBody(before: TableMetadata, after: TableMetadata): CommitBody {
  refuseInexpressible(before, after);
  const schemas = added(before.schemas, after.schemas, "schema-id");
  const specs = added(before["partition-specs"], after["partition-specs"], "spec-id");
  const orders = added(before["sort-orders"], after["sort-orders"], "order-id");
  const snapshots = snapshotUpdates(before, after);
  const updates: TableUpdate[] = [
    ...(before.location === after.location ? [] : [{ action: "set-location", location: after.location }]),
    ...schemas.map((schema) => ({ action: "add-schema", schema, "last-column-id": after["last-column-id"] })),
    ...changed(before, after, "current-schema-id", "set-current-schema", "schema-id"),
    ...specs.map((spec) => ({ action: "add-spec", spec })),
    ...changed(before, after, "default-spec-id", "set-default-spec", "spec-id"),
    ...orders.map((order) => ({ action: "add-sort-order", "sort-order": order })),
    ...changed(before, after, "default-sort-order-id", "set-default-sort-order", "sort-order-id"),
    ...propertyUpdates(before.properties, after.properties),
    ...statisticsUpdates(before, after),
    ...snapshots,
  ];
  const requirements: TableRequirement[] = [
    { type: "assert-table-uuid", uuid: before["table-uuid"] },
    { type: "assert-current-schema-id", "current-schema-id": before["current-schema-id"] },
    { type: "assert-default-spec-id", "default-spec-id": before["default-spec-id"] },
    { type: "assert-default-sort-order-id", "default-sort-order-id": before["default-sort-order-id"] },
    ...(schemas.length === 0
      ? []
      : [{ type: "assert-last-assigned-field-id", "last-assigned-field-id": before["last-column-id"] }]),
    ...(specs.length === 0
      ? []
      : [{ type: "assert-last-assigned-partition-id", "last-assigned-partition-id": before["last-partition-id"] }]),
    ...(snapshots.length === 0 ? [] : refRequirements(before, after)),
  ];
  return { requirements, updates };
}

function added<T>(before: readonly T[], after: readonly T[], key: keyof T): T[] {
  const known = new Set(before.map((entry) => entry[key]));
  return after.filter((entry) => !known.has(entry[key]));
}

function changed(
  before: TableMetadata,
  after: TableMetadata,
  field: "current-schema-id" | "default-spec-id" | "default-sort-order-id",
  action: string,
  argument: string,
): TableUpdate[] {
  return before[field] === after[field] ? [] : [{ action, [argument]: after[field] }];
}

function propertyUpdates(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): TableUpdate[] {
  const updates = Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value));
  const removals = Object.keys(before).filter((name) => after[name] === undefined);
  return [
    ...(Object.keys(updates).length === 0 ? [] : [{ action: "set-properties", updates }]),
    ...(removals.length === 0 ? [] : [{ action: "remove-properties", removals }]),
  ];
}

function snapshotUpdates(before: TableMetadata, after: TableMetadata): TableUpdate[] {
  const removed = added<Snapshot>(after.snapshots, before.snapshots, "snapshot-id").map((each) => each["snapshot-id"]);
  const dropped = Object.keys(before.refs).filter((name) => after.refs[name] === undefined);
  const moved = Object.entries(after.refs).filter(([name, ref]) => !sameRef(before.refs[name], ref));
  return [
    ...added<Snapshot>(before.snapshots, after.snapshots, "snapshot-id").map((snapshot) => ({
      action: "add-snapshot",
      snapshot,
    })),
    ...moved.map(([name, ref]) => ({ action: "set-snapshot-ref", "ref-name": name, ...ref })),
    ...dropped.map((name) => ({ action: "remove-snapshot-ref", "ref-name": name })),
    // Last: a snapshot can go only when no ref needs it any more.
    ...(removed.length === 0 ? [] : [{ action: "remove-snapshots", "snapshot-ids": removed }]),
  ];
}

function sameRef(a: SnapshotRef | undefined, b: SnapshotRef): boolean {
  const fields = ["snapshot-id", "type", "min-snapshots-to-keep", "max-snapshot-age-ms", "max-ref-age-ms"] as const;
  return a !== undefined && fields.every((field) => (a[field] ?? null) === (b[field] ?? null));
}

function refRequirements(before: TableMetadata, after: TableMetadata): TableRequirement[] {
  const names = new Set(["main", ...Object.keys(before.refs), ...Object.keys(after.refs)]);
  return [...names].map((ref) => ({
    type: "assert-ref-snapshot-id",
    ref,
    "snapshot-id": before.refs[ref]?.["snapshot-id"] ?? null,
  }));
}

/** Statistics files of snapshots that go: what a REST commit can say about the fields this package only carries along. */
const STATISTICS = { statistics: "remove-statistics", "partition-statistics": "remove-partition-statistics" } as const;

function statisticsUpdates(before: TableMetadata, after: TableMetadata): TableUpdate[] {
  return Object.entries(STATISTICS).flatMap(([field, action]) => {
    const kept = new Set(snapshotIds(after.extra[field]));
    return snapshotIds(before.extra[field])
      .filter((id) => !kept.has(id))
      .map((id) => ({ action, "snapshot-id": id }));
  });
}

function snapshotIds(list: unknown): unknown[] {
  return Array.isArray(list) ? list.map((entry: Record<string, unknown>) => entry["snapshot-id"]) : [];
}

/** A change that the protocol has no word for must not be lost on the way. */
function refuseInexpressible(before: TableMetadata, after: TableMetadata): void {
  const same = (a: unknown, b: unknown): boolean => a === b || stringifyWithLongs(a) === stringifyWithLongs(b);
  const shrunk = (["schemas", "partition-specs", "sort-orders"] as const).find(
    (list) => after[list].length < before[list].length,
  );
  const other = Object.keys({ ...before.extra, ...after.extra }).find((key) => {
    const given = after.extra[key];
    if (!(key in STATISTICS)) return !same(before.extra[key], given);
    const left = new Set(snapshotIds(given));
    const rest = ((before.extra[key] ?? []) as Record<string, unknown>[]).filter((one) => left.has(one["snapshot-id"]));
    return !same(rest, given ?? []);
  });
  const problem = before["table-uuid"] === after["table-uuid"] ? (shrunk ?? other) : "table-uuid";
  if (problem !== undefined)
    throw new IcebergError("unsupported-feature", `a REST catalog cannot be told to change ${problem} of a table`, {
      field: problem,
    });
}
