import type { ColumnType, SchemaColumn } from "./schema.ts";

/** One step of a schema change (spec "Schema Evolution"). Names are paths: `city`, `address.city`, `items.element.sku`. */
export type SchemaStep =
  | {
      readonly step: "add";
      readonly name: string;
      readonly type: ColumnType;
      readonly doc?: string | undefined;
      readonly after?: string | null | undefined;
    }
  | { readonly step: "drop"; readonly name: string }
  | { readonly step: "rename"; readonly name: string; readonly to: string }
  | { readonly step: "promote"; readonly name: string; readonly type: string }
  | { readonly step: "make-optional"; readonly name: string }
  | { readonly step: "document"; readonly name: string; readonly doc: string }
  | { readonly step: "move"; readonly name: string; readonly after: string | null }
  | { readonly step: "set-key"; readonly names: readonly string[] }
  | { readonly step: "union"; readonly columns: readonly SchemaColumn[] };
