import type { DuckDBConnection } from "@duckdb/node-api";
import type { TableIdentifier } from "./catalogs/catalog.ts";
import { commitMetadata } from "./commit/commit.ts";
import type { StagedChange } from "./commit/staged-change.ts";
import { loadState, type Context, type TableState } from "./context.ts";
import { currentSchema, type Snapshot, type SnapshotRef, type TableMetadata } from "./metadata/table-metadata.ts";
import type { Filter } from "./read/filter.ts";
import { scanTable, type Scan, type ScanOptions } from "./read/scan.ts";
import { columnsOf, type SchemaColumn } from "./schema/schema.ts";
import { stageAppend } from "./write/stage-append.ts";

/**
 * A table at one moment. Immutable: `refresh`, `lakehouse.commit` and schema changes return a newer one.
 * Snapshot ids are 64-bit and therefore bigints; store them as text (`String(id)`), every method takes both forms.
 */
export class Table {
  readonly #context: Context;
  readonly #state: TableState;

  constructor(context: Context, state: TableState) {
    this.#context = context;
    this.#state = state;
  }

  get identifier(): TableIdentifier {
    return this.#state.identifier;
  }
  get metadata(): TableMetadata {
    return this.#state.metadata;
  }
  /** Location of the metadata file this table was read from. */
  get metadataLocation(): string {
    return this.#state.metadataLocation;
  }
  get location(): string {
    return this.#state.metadata.location;
  }
  get columns(): SchemaColumn[] {
    return columnsOf(currentSchema(this.#state.metadata));
  }
  /** Names of the identifier fields (the key), in schema order. */
  get key(): string[] {
    const schema = currentSchema(this.#state.metadata);
    const ids = new Set(schema["identifier-field-ids"] ?? []);
    return schema.fields.filter((field) => ids.has(field.id)).map((field) => field.name);
  }
  get properties(): Readonly<Record<string, string>> {
    return this.#state.metadata.properties;
  }
  /** Null for a table that nothing was ever committed to. */
  get currentSnapshotId(): bigint | null {
    return this.#state.metadata["current-snapshot-id"];
  }
  /** Snapshots oldest first, and the branches and tags that point to them. */
  get history(): { readonly snapshots: readonly Snapshot[]; readonly refs: Readonly<Record<string, SnapshotRef>> } {
    return { snapshots: this.#state.metadata.snapshots, refs: this.#state.metadata.refs };
  }

  /** The table as the catalog has it now. Costs one catalog look-up when nothing changed. */
  async refresh(): Promise<Table> {
    return new Table(this.#context, await loadState(this.#context, this.#state.identifier));
  }

  scan(options: ScanOptions = {}): Scan {
    return scanTable(this.#context, this.#state, options);
  }

  /** Writes the query's rows as new data files. Survives any concurrent commit. */
  stageAppend(input: { connection: DuckDBConnection; query: string }): Promise<StagedChange> {
    return stageAppend(this.#context, this.#state, input);
  }

  /** Sets (or with null removes) table properties. */
  async setProperties(properties: Readonly<Record<string, string | null>>): Promise<Table> {
    const state = await commitMetadata(this.#context, this.#state.identifier, undefined, async ({ metadata }) => {
      const next: Record<string, string> = { ...metadata.properties };
      for (const [name, value] of Object.entries(properties))
        if (value === null) delete next[name];
        else next[name] = value;
      return { metadata: { ...metadata, properties: next }, written: [] };
    });
    return new Table(this.#context, state);
  }
}

export type { Filter };
