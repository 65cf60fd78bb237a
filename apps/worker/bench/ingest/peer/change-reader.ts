import type pg from "pg";

/** What was written into a table of which every product reads the changes. */
export interface WrittenChanges {
  readonly changes: number;
  /** Sum of the keys of the changed rows, one for each change. */
  readonly keys: number;
  /** The largest key of the table, which came with the last of them. */
  readonly last: number;
}

/** One that reads the changes of a table: our worker, or a product beside it. */
export interface ChangeReader {
  readonly name: string;
  /** Where its table is; every reader has a database of its own on the one server. */
  readonly source: pg.Client;
  /** From here on the source keeps changes for it. */
  begin(): Promise<void>;
  /** Goes on where it was stopped; done once it reads. */
  start(): Promise<Reading>;
  /** The source keeps nothing for it any more. */
  end(): Promise<void>;
}

/** One that is at work. */
export interface Reading {
  readonly pid: number;
  /** How far it brings the changes, nearest first, and whether all that were written since it was started are there. */
  readonly stages: readonly { readonly wrote: string; holds(written: WrittenChanges): Promise<boolean> }[];
  /** Throws when a change that was written since the start is missing or there twice. */
  check(written: WrittenChanges): Promise<void>;
  /** It has confirmed what it wrote, and is no longer there. */
  stop(): Promise<void>;
}
