import { withHead } from "../commit/commit-change.ts";
import { commitMetadata } from "../commit/commit.ts";
import type { Within } from "../commit/decide.ts";
import type { Context, TableState } from "../context.ts";
import { IcebergError } from "../errors.ts";
import type { SnapshotRef, TableMetadata } from "../metadata/table-metadata.ts";
import { requireSnapshot } from "../read/resolve-snapshot.ts";
import { ancestorsOf, isAncestor, MAIN, onBranch, viewOf } from "./branch-view.ts";

/** How long a branch or tag and its snapshots are kept by expiry (spec "Snapshot Retention Policy"). Ages in milliseconds. */
export interface RefRetention {
  /** The ref itself goes once its snapshot is older; never when left out. Not for main. */
  readonly maxRefAgeMs?: number | undefined;
  /** Branches: snapshots younger than this stay; the expiry's own limit when left out. */
  readonly maxSnapshotAgeMs?: number | undefined;
  /** Branches: as many of the newest snapshots stay whatever their age. */
  readonly minSnapshotsToKeep?: number | undefined;
}

/** A branch or tag with its retention. */
export interface RefRow extends RefRetention {
  readonly name: string;
  readonly type: "branch" | "tag";
  readonly snapshotId: bigint;
}

export interface RefOptions {
  /** Snapshot to point to; the current one of the table it is called on when left out. */
  readonly snapshotId?: bigint | string | undefined;
  readonly retention?: RefRetention | undefined;
  /** Runs in the transaction of the pointer swap. */
  readonly within?: Within | undefined;
}

/** One change of refs; each function below decides on the newest metadata and is pure. */
export type RefChange = (metadata: TableMetadata, now: number) => TableMetadata | null;

/** Commits a change of refs by the same compare-and-swap as data; null = nothing to change. */
export async function changeRefs(
  context: Context,
  state: TableState,
  change: RefChange,
  within?: Within,
): Promise<TableState> {
  const next = await commitMetadata(context, state.identifier, within, async ({ metadata }) => {
    const changed = change(metadata, Math.max(context.now(), metadata["last-updated-ms"]));
    return changed === null ? null : { metadata: changed, written: [] };
  });
  const branch = state.branch ?? MAIN;
  return branch === MAIN || next.metadata.refs[branch] === undefined ? next : onBranch(next, branch);
}

/** Branches and tags, by name. */
export function listRefs(metadata: TableMetadata): RefRow[] {
  return Object.entries(metadata.refs)
    .map(([name, ref]) => ({
      name,
      type: ref.type,
      snapshotId: ref["snapshot-id"],
      maxRefAgeMs: ref["max-ref-age-ms"],
      maxSnapshotAgeMs: ref["max-snapshot-age-ms"],
      minSnapshotsToKeep: ref["min-snapshots-to-keep"],
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A new branch or tag; `invalid-input` when the name is taken or the table has no snapshot yet. */
export function creating(
  type: SnapshotRef["type"],
  name: string,
  options: RefOptions,
  current: bigint | null,
): RefChange {
  checkName(name);
  const retention = checkedRetention(type, name, options.retention ?? {});
  const id = options.snapshotId === undefined ? current : BigInt(options.snapshotId);
  if (id === null)
    throw new IcebergError("invalid-input", `${name} has nothing to point to: commit a first snapshot before`, {
      ref: name,
    });
  return (metadata) => {
    if (metadata.refs[name] !== undefined || name === MAIN)
      throw new IcebergError("invalid-input", `there is a ${metadata.refs[name]?.type ?? "branch"} ${name} already`, {
        ref: name,
      });
    requireSnapshot(metadata, id);
    return { ...metadata, refs: { ...metadata.refs, [name]: { "snapshot-id": id, type, ...retention } } };
  };
}

/** Removes a branch or tag; its snapshots stay until they expire. */
export function removing(name: string): RefChange {
  if (name === MAIN) throw new IcebergError("invalid-input", "main cannot be removed", { ref: name });
  return (metadata) => {
    requireRef(metadata, name);
    return { ...metadata, refs: Object.fromEntries(Object.entries(metadata.refs).filter(([key]) => key !== name)) };
  };
}

/** Points an existing branch or tag elsewhere and/or gives it another retention. */
export function replacing(name: string, options: Omit<RefOptions, "within">): RefChange {
  return (metadata, now) => {
    const ref = requireRef(metadata, name);
    const id = options.snapshotId === undefined ? ref["snapshot-id"] : BigInt(options.snapshotId);
    requireSnapshot(metadata, id);
    const kept: SnapshotRef =
      options.retention === undefined
        ? ref
        : { "snapshot-id": id, type: ref.type, ...checkedRetention(ref.type, name, options.retention) };
    const refs = { ...metadata.refs, [name]: { ...kept, "snapshot-id": id } };
    const moved = id !== ref["snapshot-id"] && ref.type === "branch";
    return moved ? withHead({ ...metadata, refs }, name, id, now) : { ...metadata, refs };
  };
}

/** Back to an ancestor of the branch's head, named by id or as the newest one made at or before a time. */
export function rollingBack(
  branch: string,
  target: bigint | string | { readonly timestamp: number | Date },
): RefChange {
  return (metadata, now) => {
    const head = viewOf(metadata, branch)["current-snapshot-id"];
    const found =
      typeof target === "object"
        ? [...ancestorsOf(metadata, head)].find((snapshot) => snapshot["timestamp-ms"] <= Number(target.timestamp))
        : requireSnapshot(metadata, BigInt(target));
    if (!found)
      throw new IcebergError(
        "snapshot-not-found",
        `${branch} had no snapshot then, or it has expired; choose a later time`,
        { ref: branch },
      );
    const id = found["snapshot-id"];
    if (!isAncestor(metadata, id, head))
      throw new IcebergError(
        "invalid-input",
        `snapshot ${id} was never in the history of ${branch}; use setCurrent to jump to it on purpose`,
        { ref: branch, snapshotId: String(id) },
      );
    return id === head ? null : withHead(metadata, branch, id, now);
  };
}

/** Makes any snapshot of the table the head of the branch. */
export function settingCurrent(branch: string, snapshotId: bigint | string): RefChange {
  return (metadata, now) => {
    const id = requireSnapshot(metadata, BigInt(snapshotId))["snapshot-id"];
    return viewOf(metadata, branch)["current-snapshot-id"] === id ? null : withHead(metadata, branch, id, now);
  };
}

/** Moves a branch on to another ref's snapshot; `commit-conflict` when the branch has snapshots that the other has not. */
export function fastForwarding(branch: string, to: string): RefChange {
  return (metadata, now) => {
    const head = viewOf(metadata, branch)["current-snapshot-id"];
    const target = requireRef(metadata, to)["snapshot-id"];
    if (!isAncestor(metadata, head, target))
      throw new IcebergError(
        "commit-conflict",
        `${branch} (snapshot ${head}) is no ancestor of ${to} (snapshot ${target}): it went on by itself; make ${to} again from ${branch}`,
        { ref: branch, to },
      );
    return head === target ? null : withHead(metadata, branch, target, now);
  };
}

function requireRef(metadata: TableMetadata, name: string): SnapshotRef {
  const ref = metadata.refs[name];
  if (!ref)
    throw new IcebergError("snapshot-not-found", `the table has no branch or tag ${name}; create it first`, {
      ref: name,
    });
  return ref;
}

function checkName(name: string): void {
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_.:/-]*$/u.test(name))
    throw new IcebergError(
      "invalid-input",
      `${JSON.stringify(name)} is no name for a branch or tag; use letters, digits and _ . : / -`,
      { ref: name },
    );
}

function checkedRetention(type: SnapshotRef["type"], name: string, asked: RefRetention): Partial<SnapshotRef> {
  const problem = (text: string): never => {
    throw new IcebergError("invalid-input", `retention of ${name}: ${text}`, { ref: name });
  };
  for (const [key, value] of Object.entries(asked))
    if (value !== undefined && (!Number.isSafeInteger(value) || value <= 0))
      problem(`${key} must be a whole number above 0`);
  if (type === "tag" && (asked.maxSnapshotAgeMs !== undefined || asked.minSnapshotsToKeep !== undefined))
    problem("a tag keeps one snapshot; only maxRefAgeMs means something");
  if (name === MAIN && asked.maxRefAgeMs !== undefined) problem("main never goes; leave maxRefAgeMs out");
  return {
    ...(asked.maxRefAgeMs === undefined ? {} : { "max-ref-age-ms": asked.maxRefAgeMs }),
    ...(asked.maxSnapshotAgeMs === undefined ? {} : { "max-snapshot-age-ms": asked.maxSnapshotAgeMs }),
    ...(asked.minSnapshotsToKeep === undefined ? {} : { "min-snapshots-to-keep": asked.minSnapshotsToKeep }),
  };
}
