import type { CommitOptions } from "../commit/commit.ts";
import { commitMetadata } from "../commit/commit.ts";
import type { Context, TableState } from "../context.ts";
import { evolveSchema, type SchemaStep } from "./evolve.ts";
import type { ColumnType } from "./schema.ts";

/**
 * Collects schema steps and commits them together. Each call returns a new value; nothing happens before `commit`.
 * The steps are applied to the newest schema, so a concurrent change of other columns is no conflict.
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
  /** Adds an optional column at the end, or after a column (`null` = first). */
  addColumn(name: string, type: ColumnType, options: { doc?: string; after?: string | null } = {}): SchemaUpdate<T> {
    return this.#with({ step: "add", name, type, ...options });
  }
  dropColumn(name: string): SchemaUpdate<T> {
    return this.#with({ step: "drop", name });
  }
  renameColumn(name: string, to: string): SchemaUpdate<T> {
    return this.#with({ step: "rename", name, to });
  }
  /** int → long, float → double, wider decimal of the same scale. */
  promote(name: string, type: string): SchemaUpdate<T> {
    return this.#with({ step: "promote", name, type });
  }
  makeOptional(name: string): SchemaUpdate<T> {
    return this.#with({ step: "make-optional", name });
  }
  document(name: string, doc: string): SchemaUpdate<T> {
    return this.#with({ step: "document", name, doc });
  }
  /** Moves a column behind another one; null = to the front. */
  moveColumn(name: string, after: string | null): SchemaUpdate<T> {
    return this.#with({ step: "move", name, after });
  }
  /** Commits all steps at once; the table's new state. Steps that change nothing commit nothing. */
  async commit(options: Pick<CommitOptions, "within"> = {}): Promise<T> {
    const state = await commitMetadata(this.#context, this.#state.identifier, options.within, async ({ metadata }) => {
      const next = evolveSchema(metadata, this.#steps);
      return next === null ? null : { metadata: next, written: [] };
    });
    return this.#wrap(state);
  }

  #with(step: SchemaStep): SchemaUpdate<T> {
    return new SchemaUpdate(this.#context, this.#state, this.#wrap, [...this.#steps, step]);
  }
}
