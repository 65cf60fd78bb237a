import { commitMetadata } from "../commit/commit.ts";
import type { Within } from "../commit/decide.ts";
import type { Context, TableState } from "../context.ts";
import { IcebergError } from "../errors.ts";
import { currentSchema } from "../metadata/table-metadata.ts";
import { asColumns } from "./assign-ids.ts";
import { evolveSchema } from "./evolve.ts";
import type { ColumnType, Schema, SchemaColumn, StructType } from "./schema.ts";
import { placeAt } from "./schema-path.ts";
import type { SchemaStep } from "./schema-step.ts";

/**
 * Collects schema steps and commits them together. Each call returns a new value; nothing happens before `commit`.
 * The steps are applied to the newest schema, so a concurrent change of other columns is no conflict; when a name means
 * another column by then, `commit-conflict`. Nested fields go by their path: `address.city`, `items.element.sku`,
 * `attrs.value`.
 */
export class SchemaUpdate<T> {
  readonly #context: Context;
  readonly #state: TableState;
  readonly #wrap: (state: TableState) => T;
  readonly #steps: readonly SchemaStep[];

  constructor(context: Context, state: TableState, wrap: (state: TableState) => T, steps: readonly SchemaStep[] = []) {
    this.#context = context;
    this.#state = state;
    this.#wrap = wrap;
    this.#steps = steps;
  }

  get steps(): readonly SchemaStep[] {
    return this.#steps;
  }
  /** Adds an optional column or nested field at the end of its level, or after a neighbour (`null` = first). */
  addColumn(name: string, type: ColumnType, options: { doc?: string; after?: string | null } = {}): SchemaUpdate<T> {
    return this.#with({ step: "add", name, type, ...options });
  }
  dropColumn(name: string): SchemaUpdate<T> {
    return this.#with({ step: "drop", name });
  }
  /** `to` is the new name alone, without the path. */
  renameColumn(name: string, to: string): SchemaUpdate<T> {
    return this.#with({ step: "rename", name, to });
  }
  /** int → long, float → double, wider decimal of the same scale; also of `items.element` and `attrs.value`. */
  promote(name: string, type: string): SchemaUpdate<T> {
    return this.#with({ step: "promote", name, type });
  }
  makeOptional(name: string): SchemaUpdate<T> {
    return this.#with({ step: "make-optional", name });
  }
  document(name: string, doc: string): SchemaUpdate<T> {
    return this.#with({ step: "document", name, doc });
  }
  /** Moves a field behind a neighbour of its level; null = to the front. */
  moveColumn(name: string, after: string | null): SchemaUpdate<T> {
    return this.#with({ step: "move", name, after });
  }
  /**
   * Names the columns that identify a row; none = no key. They must be required already, unless the table is empty,
   * which makes them so.
   */
  setKey(names: readonly string[]): SchemaUpdate<T> {
    return this.#with({ step: "set-key", names });
  }
  /** Grows the schema, at every level, until it holds another one; `schema-evolution` when no type holds both. */
  unionByName(schema: StructType | readonly SchemaColumn[]): SchemaUpdate<T> {
    return this.#with({ step: "union", columns: asColumns(schema) });
  }
  /** Commits all steps at once; the table's new state. Steps that change nothing commit nothing. */
  async commit(options: { within?: Within | undefined } = {}): Promise<T> {
    const planned = currentSchema(this.#state.metadata);
    const state = await commitMetadata(this.#context, this.#state.identifier, options.within, async ({ metadata }) => {
      refuseOtherMeaning(planned, currentSchema(metadata), this.#steps);
      const next = evolveSchema(metadata, this.#steps);
      return next === null
        ? null
        : {
            metadata: { ...next, "last-updated-ms": Math.max(this.#context.now(), metadata["last-updated-ms"]) },
            written: [],
          };
    });
    return this.#wrap(state);
  }

  #with(step: SchemaStep): SchemaUpdate<T> {
    return new SchemaUpdate(this.#context, this.#state, this.#wrap, [...this.#steps, step]);
  }
}

/** A name that another commit renamed, dropped or gave to a new column is not the column the caller meant. */
function refuseOtherMeaning(planned: Schema, newest: Schema, steps: readonly SchemaStep[]): void {
  if (planned["schema-id"] === newest["schema-id"]) return;
  for (const step of steps) {
    if (step.step === "add" || step.step === "union") continue;
    for (const name of step.step === "set-key" ? step.names : [step.name]) {
      const meant = placeAt(planned, name);
      if (meant !== null && placeAt(newest, name)?.id !== meant.id)
        throw new IcebergError(
          "commit-conflict",
          `column ${name} was renamed, dropped or replaced by another commit; refresh the table and decide again`,
          { column: name },
        );
    }
  }
}
