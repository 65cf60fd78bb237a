import { commitMetadata } from "../commit/commit.ts";
import type { Within } from "../commit/decide.ts";
import type { Context, TableState } from "../context.ts";
import { evolveSpec, refuseOtherSpec, type SpecStep } from "./evolve-spec.ts";
import type { PartitionBy } from "./partition-spec.ts";

/**
 * Collects changes of the partitioning and commits them together; nothing happens before `commit`. Only files written
 * from then on follow the new partitioning; older ones stay as they are, and are read, merged and compacted all the same.
 */
export class SpecUpdate<T> {
  readonly #context: Context;
  readonly #state: TableState;
  readonly #wrap: (state: TableState) => T;
  readonly #steps: readonly SpecStep[];

  constructor(context: Context, state: TableState, wrap: (state: TableState) => T, steps: readonly SpecStep[] = []) {
    this.#context = context;
    this.#state = state;
    this.#wrap = wrap;
    this.#steps = steps;
  }

  get steps(): readonly SpecStep[] {
    return this.#steps;
  }
  /** Partitions new files by a column (or field of structs, by path) as well; the name is made up when left out. */
  addField(column: string, transform: PartitionBy["transform"], name?: string): SpecUpdate<T> {
    return this.#with({ step: "add", column, transform, ...(name === undefined ? {} : { name }) });
  }
  removeField(name: string): SpecUpdate<T> {
    return this.#with({ step: "remove", name });
  }
  renameField(name: string, to: string): SpecUpdate<T> {
    return this.#with({ step: "rename", name, to });
  }
  /** Commits all steps at once; the table's new state. Steps that change nothing commit nothing. */
  async commit(options: { within?: Within | undefined } = {}): Promise<T> {
    const planned = this.#state.metadata;
    const state = await commitMetadata(this.#context, this.#state.identifier, options.within, async ({ metadata }) => {
      refuseOtherSpec(planned, metadata, this.#steps);
      const next = evolveSpec(metadata, this.#steps);
      if (next === null) return null;
      const updated = Math.max(this.#context.now(), metadata["last-updated-ms"]);
      return { metadata: { ...next, "last-updated-ms": updated }, written: [] };
    });
    return this.#wrap(state);
  }

  #with(step: SpecStep): SpecUpdate<T> {
    return new SpecUpdate(this.#context, this.#state, this.#wrap, [...this.#steps, step]);
  }
}
