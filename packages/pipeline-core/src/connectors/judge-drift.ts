import { diffSchema } from "./diff-schema.ts";
import type { DriftChange } from "./drift.ts";
import {
  type KeptColumn,
  PLAIN_SHAPE,
  type StagedRule,
  type StagedShape,
  type StreamColumn,
  type StreamSchema,
} from "./model.ts";
import { stagedLayout } from "./staged-layout.ts";
import { holdsAll } from "./type-change.ts";

type Shape = Pick<StreamSchema, "columns" | "key">;

export interface JudgedChange {
  readonly change: DriftChange;
  /** The dataset can take it over without losing anything and without asking anybody. */
  readonly safe: boolean;
  /** Others rely on what it takes away, or rows could no longer be told apart: loading waits for a decision. */
  readonly waits: boolean;
}

export interface JudgedDrift {
  readonly changes: readonly JudgedChange[];
  /** The dataset's shape from here on; undefined when it is simply the stream's. */
  readonly staged: StagedShape | undefined;
}

/**
 * Judges what a stream's new schema means for its dataset. Raw takes every schema. The dataset evolves when that is safe
 * (a new column, a wider type, another order of the key), else it keeps its last shape and somebody is asked. `needs` says
 * whether anything downstream relies on a column of the dataset.
 */
export function judgeDrift(before: StreamSchema, after: Shape, needs: (stagedColumn: string) => boolean): JudgedDrift {
  const found = findChanges(before, after);
  const layout = new Map(stagedLayout(before).columns.map((column) => [column.sourceName, column]));
  const shape = before.staged ?? PLAIN_SHAPE;
  const was = new Map(before.columns.map((column) => [column.name, column]));
  const is = new Map(after.columns.map((column) => [column.name, column]));
  let kept: readonly KeptColumn[] = shape.kept;
  const rules: Record<string, StagedRule> = { ...shape.columns };
  let { key, keyFromRow } = shape;
  const changes: JudgedChange[] = [];

  const keep = (name: string): void => {
    const staged = layout.get(name);
    const column = was.get(name);
    delete rules[name];
    // A column that the dataset does not have has nothing to keep.
    if (staged !== undefined && column !== undefined)
      kept = [...kept, { ...column, type: staged.type, stagedName: staged.name, former: staged.former }];
  };
  const judge = (change: DriftChange, safe: boolean, waits: boolean): void => {
    changes.push({ change, safe, waits: !safe && waits });
  };

  for (const change of found) {
    const staged = layout.get(change.column);
    const needed = staged !== undefined && needs(staged.name);
    const inKey = before.key.includes(change.column);
    switch (change.kind) {
      case "added": {
        const back = kept.find((column) => column.name === change.column);
        const type = is.get(change.column)?.type ?? "string";
        kept = kept.filter((column) => column !== back);
        if (back === undefined || holdsAll(back.type, type)) {
          // It goes on under the name the dataset knows it by.
          if (back !== undefined) rules[change.column] = { as: { name: back.stagedName, former: back.former } };
          judge(change, true, false);
        } else {
          rules[change.column] = { as: { name: back.stagedName, former: back.former }, type: back.type };
          judge({ ...change, kind: "retyped", from: back.sourceType }, false, needs(back.stagedName));
        }
        break;
      }
      case "dropped":
        keep(change.column);
        // What the dataset never had is no loss.
        judge(change, staged === undefined, needed || inKey);
        break;
      case "renamed": {
        const skipped = staged === undefined;
        keep(change.column);
        rules[change.newName ?? ""] = { skip: true };
        judge(change, skipped, needed || inKey);
        break;
      }
      case "retyped": {
        const type = is.get(change.column)?.type ?? "string";
        const { type: _, ...rule } = rules[change.column] ?? {};
        if (staged === undefined || holdsAll(staged.type, type)) {
          rules[change.column] = rule;
          judge(change, true, false);
        } else {
          rules[change.column] = { ...rule, type: staged.type, replace: false };
          judge(change, false, needed || inKey);
        }
        break;
      }
      case "key":
        key ??= before.key;
        keyFromRow = true;
        judge(change, false, true);
        break;
      case "table":
        break;
    }
  }
  if (keyFollows(before.key, after.key, found)) key ??= sameNames(before.key, after.key) ? null : before.key;
  const columns = Object.fromEntries(
    Object.entries(rules).filter(([name, rule]) => is.has(name) && Object.values(rule).some((part) => part !== false)),
  );
  return { changes, staged: shapeOrNone({ kept, columns, removed: shape.removed, key, keyFromRow }) };
}

/** Undefined for a shape that says nothing. */
export function shapeOrNone(shape: StagedShape): StagedShape | undefined {
  const plain =
    shape.kept.length + shape.removed.length + Object.keys(shape.columns).length === 0 &&
    shape.key === null &&
    !shape.keyFromRow;
  return plain ? undefined : shape;
}

/** `diffSchema`, with a column that came in the place of another one of its type told as a rename. */
function findChanges(before: StreamSchema, after: Shape): DriftChange[] {
  const plain = diffSchema(before, after);
  const renames = findRenames(before.columns, after.columns);
  const renamedTo = new Set(renames.values());
  const changes = plain.flatMap(({ column, change, from, to }): DriftChange[] => {
    if (change === "added" && renamedTo.has(column)) return [];
    const newName = change === "dropped" ? (renames.get(column) ?? null) : null;
    if (newName !== null) return [{ kind: "renamed", column, newName, from, to: from }];
    return [{ kind: change, column, newName: null, from, to }];
  });
  return changes.filter((change) => change.kind !== "key" || !keyFollows(before.key, after.key, changes));
}

/** Whether the key is the same set of columns, renames followed: then rows are told apart as before. */
function keyFollows(before: readonly string[], after: readonly string[], changes: readonly DriftChange[]): boolean {
  const renamed = new Map(
    changes.flatMap((change) => (change.kind === "renamed" ? [[change.column, change.newName ?? ""] as const] : [])),
  );
  return sameNames(
    before.map((name) => renamed.get(name) ?? name),
    after,
  );
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

/** A gone column and a new one of its type between the same neighbours; a guess that a person confirms. */
function findRenames(before: readonly StreamColumn[], after: readonly StreamColumn[]): Map<string, string> {
  const was = new Set(before.map((column) => column.name));
  const is = new Set(after.map((column) => column.name));
  const place = (columns: readonly StreamColumn[], index: number, other: ReadonlySet<string>): string => {
    const previous = columns.slice(0, index).findLast((column) => other.has(column.name));
    const next = columns.slice(index + 1).find((column) => other.has(column.name));
    return JSON.stringify([previous?.name ?? null, next?.name ?? null, columns[index]?.sourceType]);
  };
  const came = after.flatMap((column, index) =>
    was.has(column.name) ? [] : [{ name: column.name, place: place(after, index, was) }],
  );
  const renames = new Map<string, string>();
  before.forEach((column, index) => {
    if (is.has(column.name)) return;
    const at = came.findIndex((each) => each.place === place(before, index, is));
    const [found] = at < 0 ? [] : came.splice(at, 1);
    if (found !== undefined) renames.set(column.name, found.name);
  });
  return renames;
}
