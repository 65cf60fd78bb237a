import type { PiiTag } from "@nova/pipeline-core/catalog";
import type { ResultColumn, ResultValue } from "@nova/pipeline-core/access";

/** What the sandbox tells its child. In this order, each once: prepare, parse, run. */
export type ToChild =
  | { readonly kind: "prepare"; readonly lakeDir: string; readonly memoryMegabytes: number }
  | { readonly kind: "parse"; readonly sql: string }
  | {
      readonly kind: "run";
      readonly views: readonly ViewRequest[];
      readonly maskSalt: string;
      readonly rows: number;
      readonly bytes: number;
    };

export interface ViewRequest {
  readonly dataset: string;
  readonly scanSql: string;
  /** Tag per column for this person: `none` = in the clear. A column that is not named here is masked as direct. */
  readonly tags: Readonly<Record<string, PiiTag>>;
}

/** What the child answers. `failed` ends it whenever it comes. */
export type FromChild =
  | { readonly kind: "ready" }
  | {
      readonly kind: "parsed";
      readonly datasets: readonly string[];
      /** Names of columns in lower case; null: all of them. */
      readonly mentions: readonly string[] | null;
    }
  | { readonly kind: "columns"; readonly columns: readonly ResultColumn[]; readonly masked: readonly string[] }
  | { readonly kind: "rows"; readonly rows: readonly (readonly ResultValue[])[]; readonly bytes: number }
  | { readonly kind: "done"; readonly truncated: "rows" | "bytes" | null }
  | { readonly kind: "failed"; readonly failure: ChildFailure };

export interface ChildFailure {
  /** `refused`: never tried; `wrong`: the engine cannot make sense of it; `memory`: over the limit; `engine`: our side. */
  readonly kind: "refused" | "wrong" | "memory" | "engine";
  readonly message: string;
  /** Byte offset into the SQL. */
  readonly offset: number | null;
}
