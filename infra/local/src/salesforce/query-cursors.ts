import { faultOf } from "./api-fault.ts";
import { recordId } from "./record-id.ts";
import type { SObjectRecord } from "./seed-records.ts";
import type { Query } from "./soql.ts";

export interface QueryCursor {
  readonly query: Query;
  readonly rows: readonly SObjectRecord[];
}

export interface QueryCursors {
  /** Keeps a result for paging; returns the first part of its locators. */
  open(cursor: QueryCursor): string;
  /** The cursor and the offset a locator names; throws INVALID_QUERY_LOCATOR. */
  find(locator: string): { id: string; cursor: QueryCursor; offset: number };
}

/** A user may keep ten cursors; the oldest gives way, as at Salesforce. */
const MAX_CURSORS = 10;

/** Open REST query results: `01g…-2000` names a result and where in it to go on. */
export function createQueryCursors(): QueryCursors {
  const cursors = new Map<string, QueryCursor>();
  let counter = 0;
  return {
    open(cursor) {
      counter += 1;
      const id = recordId("01g", counter);
      cursors.set(id, cursor);
      const [oldest] = cursors.keys();
      if (cursors.size > MAX_CURSORS && oldest !== undefined) cursors.delete(oldest);
      return id;
    },
    find(locator) {
      const [id = "", offset = ""] = locator.split("-");
      const cursor = cursors.get(id);
      if (cursor === undefined || !/^\d+$/.test(offset))
        throw faultOf("INVALID_QUERY_LOCATOR", "invalid query locator");
      return { id, cursor, offset: Number(offset) };
    },
  };
}
