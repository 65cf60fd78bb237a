import fc from "fast-check";
import { expect, test } from "vitest";
import type { Snapshot, SnapshotRef, TableMetadata } from "../metadata/table-metadata.ts";
import { expiring, type RetentionPolicy } from "./retention.ts";

const NOW = 1_000;
const age = fc.option(fc.integer({ min: 1, max: NOW }), { nil: undefined });
const history = fc.array(fc.nat(100), { minLength: 1, maxLength: 14 }).chain((parents) =>
  fc.record({
    parents: fc.constant(parents),
    refs: fc.array(
      fc.record({
        at: fc.nat(parents.length - 1),
        tag: fc.boolean(),
        maxRefAge: age,
        maxSnapshotAge: age,
        least: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      }),
      { maxLength: 4 },
    ),
    main: fc.nat(parents.length - 1),
    olderThan: fc.integer({ min: 0, max: NOW }),
    keepLast: fc.integer({ min: 1, max: 4 }),
  }),
);

/** Snapshot n is made at n × 70; its parent is any older one, or none. */
const snapshotsOf = (parents: readonly number[]): Snapshot[] =>
  parents.map((parent, index) => ({
    "snapshot-id": BigInt(index + 1),
    ...(index === 0 || parent % (index + 1) === index ? {} : { "parent-snapshot-id": BigInt((parent % index) + 1) }),
    "sequence-number": index,
    "timestamp-ms": index * 70,
    "manifest-list": "",
    summary: { operation: "append" },
  }));

test("for any history, what a branch or tag may keep stays, the rest goes, and no branch's history gets a hole", () => {
  fc.assert(
    fc.property(history, ({ parents, refs, main, olderThan, keepLast }) => {
      const snapshots = snapshotsOf(parents);
      const named: [string, SnapshotRef][] = refs.map((ref, index) => [
        `r${index}`,
        {
          "snapshot-id": BigInt(ref.at + 1),
          type: ref.tag ? "tag" : "branch",
          "max-ref-age-ms": ref.maxRefAge,
          ...(ref.tag ? {} : { "max-snapshot-age-ms": ref.maxSnapshotAge, "min-snapshots-to-keep": ref.least }),
        },
      ]);
      const all = new Map<string, SnapshotRef>([
        ["main", { "snapshot-id": BigInt(main + 1), type: "branch" }],
        ...named,
      ]);
      const metadata = { snapshots, refs: Object.fromEntries(all), properties: {} } as unknown as TableMetadata;
      const policy: RetentionPolicy = { at: NOW, olderThan, keepLast, snapshotIds: null };
      const gone = expiring(metadata, policy);
      const kept = new Set(snapshots.map((one) => one["snapshot-id"]));
      for (const one of gone.snapshots) kept.delete(one["snapshot-id"]);

      const byId = new Map(snapshots.map((one) => [one["snapshot-id"], one]));
      const wanted = new Set<bigint>();
      const inBranch = new Set<bigint>();
      for (const [name, ref] of all) {
        const head = byId.get(ref["snapshot-id"]) as Snapshot;
        const old = name !== "main" && NOW - head["timestamp-ms"] > (ref["max-ref-age-ms"] ?? Infinity);
        expect(gone.refs.includes(name)).toBe(old);
        if (old) continue;
        wanted.add(head["snapshot-id"]);
        if (ref.type === "tag") continue;
        const chain: Snapshot[] = [];
        for (let at: Snapshot | undefined = head; at; at = byId.get(at["parent-snapshot-id"] ?? 0n)) chain.push(at);
        for (const one of chain) inBranch.add(one["snapshot-id"]);
        const young = (one: Snapshot): boolean =>
          ref["max-snapshot-age-ms"] === undefined
            ? one["timestamp-ms"] >= olderThan
            : NOW - one["timestamp-ms"] <= ref["max-snapshot-age-ms"];
        const least = Math.max(keepLast, ref["min-snapshots-to-keep"] ?? 1);
        const firstOld = chain.findIndex((one, index) => index >= least && !young(one));
        for (const one of firstOld < 0 ? chain : chain.slice(0, firstOld)) wanted.add(one["snapshot-id"]);
      }
      for (const one of snapshots)
        if (!inBranch.has(one["snapshot-id"]) && one["timestamp-ms"] >= olderThan) wanted.add(one["snapshot-id"]);
      expect(kept).toEqual(wanted);
    }),
    { numRuns: 500 },
  );
});
