import { createLoader, parseAsNumberLiteral, parseAsString, parseAsStringLiteral } from "nuqs/server";

export const ROW_LIMITS = [100, 1_000, 10_000] as const;
export type RowLimit = (typeof ROW_LIMITS)[number];
export const SIDE_TABS = ["datasets", "history"] as const;

/** Addresses beyond some 2,000 characters get lost on their way through chats and mail. */
export const LONGEST_IN_ADDRESS = 1_500;

/** What the address of the query screen says. `sql` is the text in the editor, `query` the one whose result is shown. */
export const querySearchParsers = {
  sql: parseAsString.withDefault(""),
  query: parseAsString,
  limit: parseAsNumberLiteral(ROW_LIMITS).withDefault(1_000),
  side: parseAsStringLiteral(SIDE_TABS).withDefault("datasets"),
  find: parseAsString.withDefault(""),
} as const;

export const loadQuerySearch = createLoader(querySearchParsers);

/** The id, or null when the text cannot be one. */
export function parseQueryId(text: string | null): string | null {
  return text !== null && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text) ? text.toLowerCase() : null;
}

/** The text as it goes into the address; null when it is too long for one and only the query's id can name it. */
export function sqlForAddress(sql: string): string | null {
  return sql.trim() === "" || sql.length > LONGEST_IN_ADDRESS ? null : sql;
}
