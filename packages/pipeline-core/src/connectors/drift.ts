import type { SourceId, StreamColumn, StreamSchema } from "./model.ts";

export const DRIFT_KINDS = ["added", "dropped", "renamed", "retyped", "key", "table"] as const;
export type DriftKind = (typeof DRIFT_KINDS)[number];

/** One difference between the schema we knew of a stream and the one it has now. */
export interface DriftChange {
  readonly kind: DriftKind;
  /** The stream's column, under its old name; empty for a key or a table. */
  readonly column: string;
  /** For `renamed`: the column that seems to continue it. */
  readonly newName: string | null;
  /** Source types, or keys as comma-separated names. */
  readonly from: string | null;
  readonly to: string | null;
}

/**
 * - `evolved`: safe; the dataset took it over by itself, nobody is asked.
 * - `open`: waits for a person.
 * - `superseded`: the column changed again before somebody did.
 * - the others: what they chose.
 */
export const DRIFT_STATES = ["evolved", "open", "superseded", "accepted", "ignored", "mapped"] as const;
export type DriftState = (typeof DRIFT_STATES)[number];

export const DRIFT_CHOICES = ["accept", "ignore", "map"] as const;
export type DriftChoice = (typeof DRIFT_CHOICES)[number];

export interface DriftItem {
  readonly id: string;
  readonly source: SourceId;
  readonly stream: string;
  readonly fromVersion: number;
  readonly toVersion: number;
  readonly change: DriftChange;
  readonly state: DriftState;
  /** The dataset is not loaded until somebody decides, because others rely on what changed. */
  readonly waits: boolean;
  /** Place in the source's order at which it was seen; null when the source has none. */
  readonly position: string | null;
  readonly seenAt: Date;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
}

export const DECIDED_STATE = {
  accept: "accepted",
  ignore: "ignored",
  map: "mapped",
} as const satisfies Record<DriftChoice, DriftState>;

/** Whether a later change of the same column makes an open item pointless. */
export function supersedes(later: DriftChange, open: DriftChange): boolean {
  return later.kind === "key" || open.kind === "key" ? later.kind === open.kind : later.column === open.column;
}

/** Columns that could continue a column that is gone. */
export function mapTargets(schema: Pick<StreamSchema, "columns" | "key">, change: DriftChange): StreamColumn[] {
  if (change.kind !== "renamed" && change.kind !== "dropped") return [];
  const fit = schema.columns.filter((column) => column.name !== change.column);
  const suggested = fit.filter((column) => column.name === change.newName);
  return [...suggested, ...fit.filter((column) => column.name !== change.newName)];
}

/** The choices that make sense for an open change, the one that is most often right first. */
export function driftChoices(change: DriftChange, isKey: boolean): readonly DriftChoice[] {
  switch (change.kind) {
    case "renamed":
      // Another column in the key is another key: only its continuation keeps the rows what they are.
      return isKey ? ["map"] : ["map", "accept", "ignore"];
    case "dropped":
      return isKey ? ["map"] : ["ignore", "accept", "map"];
    case "retyped":
      return ["accept", "ignore"];
    case "key":
      return ["accept"];
    case "table":
      return ["accept", "ignore"];
    case "added":
      return [];
  }
}

/** The change in words that follow the stream's name. */
export function driftText({ kind, column, newName, from, to }: DriftChange): string {
  switch (kind) {
    case "added":
      return `column ${column} was added as ${to ?? "unknown"}`;
    case "dropped":
      return `column ${column} (${from ?? "unknown"}) is no longer sent`;
    case "renamed":
      return `column ${column} is gone, and ${newName ?? "another"} of the same type (${to ?? "unknown"}) came in its place`;
    case "retyped":
      return `column ${column} changed from ${from ?? "unknown"} to ${to ?? "unknown"}`;
    case "key":
      return `the key changed from ${keyText(from)} to ${keyText(to)}`;
    case "table":
      return "the table is new in the source";
  }
}

/** What the dataset does with the change until somebody decides. */
export function meanwhileText(item: Pick<DriftItem, "change" | "waits">): string {
  if (item.change.kind === "table") return "It is not captured until you decide.";
  if (item.waits)
    return "Loading of the dataset waits: it keeps its last good state, and everything goes on being kept in raw.";
  switch (item.change.kind) {
    case "added":
      return "The dataset has it; rows from before have no value in it until they change or are read again.";
    case "retyped":
      return "The dataset keeps the old type; values that do not fit it load as null.";
    case "dropped":
    case "renamed":
      return "The dataset keeps the column; rows that change have no value in it.";
    case "key":
      return "The dataset keeps its old key.";
  }
}

/** What a choice does, for the question that asks for it once more. `target`: the column chosen for `map`. */
export function choiceText(
  { change, waits }: Pick<DriftItem, "change" | "waits">,
  choice: DriftChoice,
  target: string | null,
): string {
  const { kind, column, newName, to } = change;
  const again = "The table is then read again from the source, so that every row has it.";
  switch (choice) {
    case "map":
      return `${target ?? newName ?? "The column you choose"} continues ${column}: the dataset's column keeps its name, its rows and everything that reads it. ${waits ? "Loading goes on exactly where it stopped." : again}`;
    case "accept":
      switch (kind) {
        case "dropped":
          return `The column ${column} is taken out of the dataset. Earlier snapshots and raw keep its values; what reads it sees it empty.`;
        case "renamed":
          return `${newName ?? "The new column"} becomes a column of its own. ${column} stays with the values it had and is empty in rows that change. ${again}`;
        case "retyped":
          return `The dataset's column becomes ${to ?? "the new type"}. Stored values of the old type make way. ${again}`;
        case "key":
          return `The dataset is keyed by ${keyText(to)} from now on. ${again}`;
        case "table":
          return "The table is read from the source, then its changes stream, and it gets a dataset.";
        case "added":
          return "The dataset has it already.";
      }
      break;
    case "ignore":
      switch (kind) {
        case "renamed":
          return `The dataset does not take ${newName ?? "the new column"}. ${column} stays with the values it had and is empty in rows that change.`;
        case "dropped":
          return `The column ${column} stays in the dataset with the values it had; rows that change are empty in it.`;
        case "retyped":
          return "The dataset keeps the old type for good; values that do not fit it load as null.";
        case "table":
          return "The table is not captured. Resume its stream to take it after all.";
        case "key":
        case "added":
          return "Nothing changes.";
      }
  }
}

function keyText(key: string | null): string {
  return key === null || key === "" ? "no key" : `(${key})`;
}
