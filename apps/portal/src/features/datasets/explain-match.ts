import type { CatalogRow } from "@nova/db/read-models";

/** Splits a text at every place where a searched word stands. Joined again the parts give the text. */
export function markWords(text: string, words: readonly string[]): { text: string; hit: boolean }[] {
  const wanted = words.filter((word) => word !== "").toSorted((a, b) => b.length - a.length);
  if (wanted.length === 0 || text === "") return [{ text, hit: false }];
  const pattern = new RegExp(
    `(${wanted.map((word) => word.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|")})`,
    "gi",
  );
  return text
    .split(pattern)
    .map((part, index) => ({ text: part, hit: index % 2 === 1 }))
    .filter((part) => part.text !== "");
}

export type MatchReason =
  | { readonly where: "column"; readonly columns: CatalogRow["matchedColumns"]; readonly more: number }
  | { readonly where: "owner" | "pipeline"; readonly text: string };

/**
 * Why a dataset was found, beyond what its name and description already show with marks: the columns, the owner or the
 * pipeline that hold the words those two do not.
 */
export function explainMatch(row: CatalogRow, words: readonly string[]): MatchReason[] {
  const shown = `${row.name} ${row.description}`.toLowerCase();
  const missing = words.filter((word) => !shown.includes(word));
  if (missing.length === 0) return [];
  const reasons: MatchReason[] = [];
  const columns = row.matchedColumns.filter((column) =>
    missing.some((word) =>
      `${column.name} ${column.description} ${column.pii === "none" ? "" : `pii ${column.pii}`}`
        .toLowerCase()
        .includes(word),
    ),
  );
  if (columns.length > 0) reasons.push({ where: "column", columns, more: row.matchedColumnCount - columns.length });
  for (const where of ["owner", "pipeline"] as const)
    if (missing.some((word) => row[where].toLowerCase().includes(word))) reasons.push({ where, text: row[where] });
  return reasons;
}
