import type { TableIdentifier } from "./catalogs/catalog.ts";
import { commitMetadata } from "./commit/commit.ts";
import type { Within } from "./commit/decide.ts";
import type { StagedChange } from "./commit/staged-change.ts";
import type { Context, TableState } from "./context.ts";
import { partitioningOf } from "./metadata/evolve-spec.ts";
import { withSortOrder, type SortBy } from "./metadata/sort-order.ts";
import { currentSchema, type Snapshot, type SnapshotRef, type TableMetadata } from "./metadata/table-metadata.ts";
import { SpecUpdate } from "./metadata/update-spec.ts";
import { tableChanges, type Changes, type ChangesOptions } from "./read/changes.ts";
import { tableDifference, type Difference, type DifferenceOptions } from "./read/difference.ts";
import { metadataTables, type MetadataTables } from "./read/metadata-tables.ts";
import { scanTable, type Scan, type ScanOptions } from "./read/scan.ts";
import { MAIN, onBranch, reloadState } from "./refs/branch-view.ts";
import * as refs from "./refs/change-refs.ts";
import { withNameMapping } from "./schema/name-mapping.ts";
import { columnsOf, type SchemaColumn } from "./schema/schema.ts";
import { allPlaces, pathOf } from "./schema/schema-path.ts";
import { SchemaUpdate } from "./schema/update-schema.ts";
import { stageAddFiles, type AddFilesInput } from "./write/stage-add-files.ts";
import { type AppendInput, stageAppend } from "./write/stage-append.ts";
import { stageMerge, type MergeInput } from "./write/stage-merge.ts";
import { stageDelete, stageOverwrite, type DeleteInput, type OverwriteInput } from "./write/stage-overwrite.ts";

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

  /** For this package's own modules: what a table is made of. Not part of the public surface. */
  static internals(table: Table): { context: Context; state: TableState } {
    return { context: table.#context, state: table.#state };
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
  /** Names of the identifier fields (the key), nested ones by path, in schema order. */
  get key(): string[] {
    const schema = currentSchema(this.#state.metadata);
    const ids = new Set(schema["identifier-field-ids"] ?? []);
    const places = allPlaces(schema).filter((place) => ids.has(place.id));
    return places.map((place) => pathOf(schema, place).join("."));
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

  /** Snapshots, history, refs, files, manifests and partitions as rows. */
  get metadataTables(): MetadataTables {
    return metadataTables(this.#context, this.#state);
  }

  /** The table as the catalog has it now. Costs one catalog look-up when nothing changed. */
  async refresh(): Promise<Table> {
    return new Table(this.#context, await reloadState(this.#context, this.#state));
  }

  scan(options: ScanOptions = {}): Scan {
    return scanTable(this.#context, this.#state, options);
  }

  /** Writes the query's rows as new data files. Survives any concurrent commit. */
  stageAppend(input: AppendInput): Promise<StagedChange> {
    return stageAppend(this.#context, this.#state, input);
  }

  /**
   * Registers Parquet files that are in the storage already, as they are: nothing is copied, and from the commit on they
   * belong to the table. Files without field ids need a name mapping (`setNameMapping`). `schema-mismatch` names a column
   * that does not fit; `invalid-input` a file whose rows are of several partitions.
   */
  stageAddFiles(input: AddFilesInput): Promise<StagedChange> {
    return stageAddFiles(this.#context, this.#state, input);
  }

  /**
   * Replaces the rows of the query's keys: old versions are position-deleted, new ones appended, keys whose
   * `deleteColumn` is true only removed. `duplicate-key` and `null-key` refuse a query that does not name each key once.
   * Decided on this table's snapshot: a newer one that changes rows makes the commit a `commit-conflict`.
   */
  stageMerge(input: MergeInput): Promise<StagedChange> {
    return stageMerge(this.#context, this.#state, input);
  }

  /**
   * Replaces the rows a filter matches (or all, or those of the partitions the query has rows of) with the query's rows;
   * files that match as a whole are not read.
   */
  stageOverwrite(input: OverwriteInput): Promise<StagedChange> {
    return stageOverwrite(this.#context, this.#state, input);
  }

  /**
   * Deletes the rows a filter matches, or those whose columns equal a row of a query: by position deletes, or with
   * `mode: "copy-on-write"` (property `write.delete.mode`) by writing the files anew without them.
   */
  stageDelete(input: DeleteInput): Promise<StagedChange> {
    return stageDelete(this.#context, this.#state, input);
  }

  /** Rows that came and went between two snapshots. `snapshot-not-found` when the history in between has expired. */
  changes(options: ChangesOptions): Promise<Changes> {
    return tableChanges(this.#context, this.#state, options);
  }

  /** Two snapshots side by side, by the files they do not share. `snapshot-not-found` when one of them has expired. */
  difference(options: DifferenceOptions): Promise<Difference> {
    return tableDifference(this.#context, this.#state, options);
  }

  /** The branch this table is seen from; `main` unless it came from `onBranch`. */
  get branch(): string {
    return this.#state.branch ?? MAIN;
  }

  /**
   * The table as seen from a branch: scans read its head, what is staged on it is committed to it, maintenance works on
   * it. Readers of main see nothing of that. `snapshot-not-found` when there is no such branch.
   */
  async onBranch(name: string): Promise<Table> {
    return new Table(this.#context, await reloadState(this.#context, { ...this.#state, branch: name }));
  }

  /** Branches and tags with their retention, by name. */
  refs(): readonly refs.RefRow[] {
    return refs.listRefs(this.#state.metadata);
  }

  /** Creates a branch at a snapshot (the current one). `invalid-input` when the name is taken. */
  createBranch(name: string, options: refs.RefOptions = {}): Promise<Table> {
    return this.#changeRefs(() => refs.creating("branch", name, options, this.currentSnapshotId), options.within);
  }

  /** Names a snapshot (the current one) for good, or as long as `maxRefAgeMs` says. */
  createTag(name: string, options: refs.RefOptions = {}): Promise<Table> {
    return this.#changeRefs(() => refs.creating("tag", name, options, this.currentSnapshotId), options.within);
  }

  /** Removes a branch or tag; its snapshots stay until they expire. */
  removeRef(name: string, options: { within?: Within } = {}): Promise<Table> {
    return this.#changeRefs(() => refs.removing(name), options.within);
  }

  /** Points a branch or tag to another snapshot and/or gives it another retention (all of it; main too). */
  replaceRef(name: string, options: refs.RefOptions): Promise<Table> {
    return this.#changeRefs(() => refs.replacing(name, options), options.within);
  }

  /** Takes the branch back to a snapshot of its own history, by id or as of a time; the newer ones stay until they expire. */
  rollbackTo(
    target: bigint | string | { readonly timestamp: number | Date },
    options: { within?: Within } = {},
  ): Promise<Table> {
    return this.#changeRefs(() => refs.rollingBack(this.branch, target), options.within);
  }

  /** Makes any snapshot of the table the head of the branch, whatever its history. */
  setCurrent(snapshotId: bigint | string, options: { within?: Within } = {}): Promise<Table> {
    return this.#changeRefs(() => refs.settingCurrent(this.branch, snapshotId), options.within);
  }

  /** Moves a branch on to another branch or tag that was made from it; `commit-conflict` when it went on by itself. */
  fastForward(branch: string, to: string, options: { within?: Within } = {}): Promise<Table> {
    return this.#changeRefs(() => refs.fastForwarding(branch, to), options.within);
  }

  async #changeRefs(change: () => refs.RefChange, within: Within | undefined): Promise<Table> {
    return new Table(this.#context, await refs.changeRefs(this.#context, this.#state, change(), within));
  }

  /** Starts a schema change; call `.commit()` at the end. */
  updateSchema(): SchemaUpdate<Table> {
    return new SchemaUpdate(
      this.#context,
      this.#state,
      (state) => new Table(this.#context, onBranch(state, this.branch)),
    );
  }

  /** How new files are partitioned: the fields' names, their columns (nested ones by path) and transforms. */
  get partitioning(): { readonly name: string; readonly column: string; readonly transform: string }[] {
    return partitioningOf(this.#state.metadata);
  }

  /** Starts a change of the partitioning; call `.commit()` at the end. Files written before keep theirs. */
  updateSpec(): SpecUpdate<Table> {
    return new SpecUpdate(
      this.#context,
      this.#state,
      (state) => new Table(this.#context, onBranch(state, this.branch)),
    );
  }

  /** Orders the rows within files written from now on; none = as they come. Older files stay as they are. */
  replaceSortOrder(order: readonly SortBy[]): Promise<Table> {
    return this.#change((metadata) => withSortOrder(metadata, order));
  }

  /**
   * Lets files without field ids be read by the present names of the columns; schema changes keep the mapping up to date.
   * Replaces a mapping the table has.
   */
  setNameMapping(): Promise<Table> {
    return this.#change((metadata) => withNameMapping(metadata, currentSchema(metadata)));
  }

  /** Sets (or with null removes) table properties. */
  setProperties(properties: Readonly<Record<string, string | null>>): Promise<Table> {
    return this.#change((metadata) => {
      const next: Record<string, string> = { ...metadata.properties };
      for (const [name, value] of Object.entries(properties))
        if (value === null) delete next[name];
        else next[name] = value;
      return { ...metadata, properties: next };
    });
  }

  async #change(change: (metadata: TableMetadata) => TableMetadata | null): Promise<Table> {
    const state = await commitMetadata(this.#context, this.#state.identifier, undefined, async ({ metadata }) => {
      const next = change(metadata);
      return next === null ? null : { metadata: next, written: [] };
    });
    return new Table(this.#context, onBranch(state, this.branch));
  }
}
