import { parseAsBoolean, parseAsString } from "nuqs/server";

/** What the address of a dataset's snapshots says. */
export const snapshotSearchParsers = {
  /** The two that are compared; null: the newest, and the one that it follows. */
  from: parseAsString,
  to: parseAsString,
  /** The environment that is compared in place of an earlier snapshot. */
  against: parseAsString,
  /** Whether their rows were asked for. */
  rows: parseAsBoolean.withDefault(false),
} as const;
