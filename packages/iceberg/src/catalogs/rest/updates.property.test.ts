import fc from "fast-check";
import { expect, test } from "vitest";
import { parseWithLongs, stringifyWithLongs } from "../../metadata/json-longs.ts";
import type { SnapshotRef, TableMetadata } from "../../metadata/table-metadata.ts";
import { applyUpdates, checkRequirements, RestRefusal } from "./testing/apply-updates.ts";
import { commitBody, type CommitBody } from "./updates.ts";

const empty: TableMetadata = {
  "format-version": 2,
  "table-uuid": "u",
  location: "file:///t",
  "last-sequence-number": 0,
  "last-updated-ms": 1,
  "last-column-id": 1,
  schemas: [{ type: "struct", "schema-id": 0, fields: [{ id: 1, name: "c1", required: false, type: "int" }] }],
  "current-schema-id": 0,
  "partition-specs": [{ "spec-id": 0, fields: [] }],
  "default-spec-id": 0,
  "last-partition-id": 999,
  properties: {},
  "current-snapshot-id": null,
  snapshots: [],
  "snapshot-log": [],
  "metadata-log": [],
  "sort-orders": [{ "order-id": 0, fields: [] }],
  "default-sort-order-id": 0,
  refs: {},
  extra: {},
};

type Step = (metadata: TableMetadata) => TableMetadata;
const BIG = 7_000_000_000_000_000_000n;

const append: Step = (metadata) => {
  const sequence = metadata["last-sequence-number"] + 1;
  const id = BIG + BigInt(sequence);
  const snapshot = {
    "snapshot-id": id,
    ...(metadata["current-snapshot-id"] === null ? {} : { "parent-snapshot-id": metadata["current-snapshot-id"] }),
    "sequence-number": sequence,
    "timestamp-ms": sequence,
    "manifest-list": `file:///t/${sequence}.avro`,
    summary: { operation: "append" as const },
    "schema-id": metadata["current-schema-id"],
  };
  return {
    ...metadata,
    "last-sequence-number": sequence,
    snapshots: [...metadata.snapshots, snapshot],
    "current-snapshot-id": id,
    refs: { ...metadata.refs, main: { type: "branch", "snapshot-id": id } },
  };
};
const addColumn: Step = (metadata) => {
  const id = metadata["last-column-id"] + 1;
  const fields = [...(metadata.schemas.at(-1)?.fields ?? []), { id, name: `c${id}`, required: false, type: "string" }];
  const schema = { type: "struct" as const, "schema-id": metadata.schemas.length, fields };
  return {
    ...metadata,
    "last-column-id": id,
    schemas: [...metadata.schemas, schema],
    "current-schema-id": schema["schema-id"],
  };
};
const addSpec: Step = (metadata) => {
  const id = metadata["last-partition-id"] + 1;
  const spec = {
    "spec-id": metadata["partition-specs"].length,
    fields: [{ "source-id": 1, "field-id": id, name: `p${id}`, transform: "identity" }],
  };
  return {
    ...metadata,
    "last-partition-id": id,
    "partition-specs": [...metadata["partition-specs"], spec],
    "default-spec-id": spec["spec-id"],
  };
};
const setRef =
  (name: string, retention: Partial<SnapshotRef>): Step =>
  (metadata) => {
    const snapshot = metadata.snapshots.at(-1);
    if (!snapshot) return metadata;
    const ref = { type: "tag" as const, "snapshot-id": snapshot["snapshot-id"], ...retention };
    return { ...metadata, refs: { ...metadata.refs, [name]: ref } };
  };
const dropRef =
  (name: string): Step =>
  (metadata) => {
    const { [name]: _gone, ...refs } = metadata.refs;
    return { ...metadata, refs };
  };
const expire: Step = (metadata) => {
  const needed = new Set(Object.values(metadata.refs).map((ref) => ref["snapshot-id"]));
  return { ...metadata, snapshots: metadata.snapshots.filter((each) => needed.has(each["snapshot-id"])) };
};
const properties =
  (changes: Readonly<Record<string, string | null>>): Step =>
  (metadata) => {
    const next = Object.entries({ ...metadata.properties, ...changes }).filter(([, value]) => value !== null);
    return { ...metadata, properties: Object.fromEntries(next) as Record<string, string> };
  };
const name = fc.constantFrom("a", "b", "c");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom(append, append, addColumn, addSpec, expire),
  name.chain((ref) => fc.constantFrom(setRef(ref, {}), setRef(ref, { "max-ref-age-ms": 5 }), dropRef(ref))),
  fc.dictionary(name, fc.option(fc.string({ maxLength: 3 }))).map(properties),
);
const state = fc.array(step, { maxLength: 8 }).map((steps) => steps.reduce((metadata, each) => each(metadata), empty));
const change = fc.array(step, { minLength: 1, maxLength: 4 });

/** Through JSON and back, as over the wire. */
const sent = (body: CommitBody): CommitBody => parseWithLongs(stringifyWithLongs(body)) as CommitBody;
const essence = ({ "snapshot-log": _log, "last-updated-ms": _at, ...rest }: TableMetadata): unknown =>
  JSON.parse(JSON.stringify(rest, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value)));

test("applying a commit's updates to the state it was made on gives the state that was meant", () => {
  fc.assert(
    fc.property(state, change, (before, steps) => {
      const after = steps.reduce((metadata, each) => each(metadata), before);
      const body = sent(commitBody(before, after));
      checkRequirements(before, body.requirements);
      expect(essence(applyUpdates(before, body.updates, 2))).toEqual(essence(after));
    }),
    { numRuns: 500 },
  );
});

/** What a commit of snapshots depends on. */
const watched = (metadata: TableMetadata): string =>
  [
    metadata["current-schema-id"],
    metadata["default-spec-id"],
    ...Object.entries(metadata.refs).map(([ref, to]) => `${ref}=${to["snapshot-id"]}`),
  ].join();

test("a change of snapshots is refused once any branch, tag, schema or spec has moved", () => {
  fc.assert(
    fc.property(state, change, step, (before, steps, rival) => {
      const after = append(steps.reduce((metadata, each) => each(metadata), before));
      const now = rival(before);
      const body = sent(commitBody(before, after));
      if (watched(now) === watched(before)) return checkRequirements(now, body.requirements);
      // A ref of a new name that this commit says nothing about stands in nobody's way.
      if (Object.keys(now.refs).some((ref) => !(ref in before.refs) && !(ref in after.refs))) return;
      expect(() => checkRequirements(now, body.requirements)).toThrow(RestRefusal);
    }),
    { numRuns: 500 },
  );
});

test("what the protocol has no word for is refused, statistics of expired snapshots are told", () => {
  const table = append(empty);
  const id = table["current-snapshot-id"];
  const statistics = [{ "snapshot-id": id, "statistics-path": "x" }];
  const before = { ...table, extra: { statistics } };
  expect(commitBody(before, { ...before, extra: { statistics: [] } }).updates).toEqual([
    { action: "remove-statistics", "snapshot-id": id },
  ]);
  expect(() => commitBody(table, before)).toThrow(/statistics/);
  expect(() => commitBody(table, { ...table, extra: { "encryption-keys": [1] } })).toThrow(/encryption-keys/);
  expect(() => commitBody(table, { ...table, "table-uuid": "other" })).toThrow(/table-uuid/);
});
