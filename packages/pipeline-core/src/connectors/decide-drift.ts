import { PlatformError } from "../kernel/index.ts";
import { type DriftChoice, driftChoices, type DriftItem, mapTargets } from "./drift.ts";
import { shapeOrNone } from "./judge-drift.ts";
import {
  type KeptColumn,
  PLAIN_SHAPE,
  type StagedRule,
  type StagedShape,
  type StreamAction,
  type StreamSchema,
  type StreamState,
} from "./model.ts";
import { stagedLayout } from "./staged-layout.ts";
import { holdsAll } from "./type-change.ts";

export interface DriftDecision {
  readonly choice: DriftChoice;
  /** For `map`: the stream's column that continues the one that is gone; null = the one that was suggested. */
  readonly target: string | null;
}

export interface DecidedDrift {
  /** The dataset's shape from here on. */
  readonly staged: StagedShape | undefined;
  /** What has to be asked of the stream so that every row is as decided; null when nothing. */
  readonly ask: Extract<StreamAction, "resume" | "resync"> | null;
  /** The column that was chosen, for `map`. */
  readonly target: string | null;
}

/** Whether a change touches what tells the rows of its dataset apart. */
export function touchesKey(schema: StreamSchema, { column }: DriftItem["change"]): boolean {
  return (schema.staged?.key ?? schema.key).includes(column);
}

/**
 * What a decision means for a stream's dataset. Throws `conflict` for an item that is not open or whose column has changed
 * again since, and `invalid-input` for a choice that makes no sense for it.
 */
export function decideDrift(
  { schema, state }: { readonly schema: StreamSchema; readonly state: StreamState },
  item: Pick<DriftItem, "change" | "state" | "waits" | "stream">,
  { choice, target: chosen }: DriftDecision,
): DecidedDrift {
  const { change } = item;
  if (item.state !== "open")
    throw new PlatformError("conflict", `this drift of ${item.stream} is ${item.state} already`);
  const choices = driftChoices(change, touchesKey(schema, change));
  if (!choices.includes(choice))
    throw new PlatformError(
      "invalid-input",
      `choice: ${change.kind} of ${item.stream} can be settled by ${choices.join(" or ")}`,
    );
  const shape = schema.staged ?? PLAIN_SHAPE;
  const again = state === "streaming" || state === "failed" ? "resync" : null;
  const decided = (
    next: Partial<StagedShape>,
    ask: DecidedDrift["ask"],
    target: string | null = null,
  ): DecidedDrift => ({
    staged: shapeOrNone({ ...shape, ...next }),
    ask,
    target,
  });
  switch (change.kind) {
    case "table":
      return decided({}, choice === "accept" && state === "paused" ? "resume" : null);
    case "key":
      return decided({ key: null, keyFromRow: true }, again);
    case "retyped": {
      const rule = shape.columns[change.column];
      if (rule?.type === undefined) throw changedAgain(item);
      if (choice === "ignore") return decided({}, null);
      const { type: _, ...rest } = rule;
      return decided({ columns: { ...shape.columns, [change.column]: { ...rest, replace: true } } }, again);
    }
    case "dropped":
    case "renamed": {
      const kept = shape.kept.find((column) => column.name === change.column);
      if (kept === undefined) throw changedAgain(item);
      if (choice === "ignore") return decided({}, null);
      const others = shape.kept.filter((column) => column !== kept);
      if (choice === "map") return mapped(schema, item, kept, chosen ?? change.newName, again);
      if (change.kind === "dropped")
        return decided({ kept: others, removed: [...shape.removed, kept.stagedName] }, null);
      return decided({ columns: without(shape.columns, change.newName) }, again);
    }
    case "added":
      throw changedAgain(item);
  }
}

function mapped(
  schema: StreamSchema,
  item: Pick<DriftItem, "change" | "waits" | "stream">,
  kept: KeptColumn,
  target: string | null,
  again: DecidedDrift["ask"],
): DecidedDrift {
  const shape = schema.staged ?? PLAIN_SHAPE;
  const column = mapTargets(schema, item.change).find((each) => each.name === target);
  if (target === null || column === undefined)
    throw new PlatformError("invalid-input", `column: name the column of ${item.stream} that continues ${kept.name}`);
  const before = shape.columns[target];
  if (before?.as !== undefined)
    throw new PlatformError("conflict", `column: ${target} continues another column of the dataset already`);
  // Taken over under its own name meanwhile: it goes on under the other one.
  const own = before?.skip === true ? null : stagedLayout(schema).columns.find((each) => each.sourceName === target);
  const rule: StagedRule = {
    as: { name: kept.stagedName, former: [kept.name, ...kept.former] },
    ...(holdsAll(kept.type, column.type) ? {} : { type: kept.type }),
  };
  const key = shape.key?.map((name) => (name === kept.name ? target : name)) ?? null;
  return {
    staged: shapeOrNone({
      ...shape,
      kept: shape.kept.filter((each) => each !== kept),
      columns: { ...shape.columns, [target]: rule },
      removed: own === null || own === undefined ? shape.removed : [...shape.removed, own.name],
      key: key !== null && key.every((name) => schema.key.includes(name)) ? null : key,
    }),
    // While loading waited, no row lost its value.
    ask: item.waits ? null : again,
    target,
  };
}

function without(rules: StagedShape["columns"], name: string | null): StagedShape["columns"] {
  return Object.fromEntries(Object.entries(rules).filter(([column]) => column !== name));
}

function changedAgain({ stream, change }: Pick<DriftItem, "stream" | "change">): PlatformError {
  return new PlatformError("conflict", `${stream}: ${change.column} has changed again since; settle the newer item`);
}
