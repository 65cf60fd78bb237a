import type { DatasetColumn, PiiTag } from "@nova/pipeline-core/catalog";

export type ColumnText = `${string} ${string}`;

/** `name type [pii] — meaning` is enough to describe a column. */
export function column(text: ColumnText): DatasetColumn {
  const [head, description = ""] = text.split(" — ") as [string, string?];
  const [name = "", type = "string", pii = "none"] = head.split(" ");
  return { name, type, description, pii: pii as PiiTag };
}
