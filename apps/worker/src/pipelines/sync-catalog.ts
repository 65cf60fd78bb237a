import type { SourceDefinition } from "@nova/novaretail";
import type { CatalogEntry } from "@nova/pipeline-core/catalog";
import { stagedDatasetName, type StreamSchema } from "@nova/pipeline-core/connectors";
import { isPlatformError } from "@nova/pipeline-core/kernel";
import type { CheckDefinition } from "@nova/pipeline-core/quality";
import { defaultChecks, modelChecks, modelEntry, rawEntry, stagedEntry, stagedLineage } from "./catalog-entries.ts";
import type { PipelineContext } from "./context.ts";
import { consumedOf } from "./lake-state.ts";

/** Makes every dataset known at start: raw, models, and staged of the streams that are known already. */
export async function syncCatalog(context: PipelineContext): Promise<void> {
  const { definitions } = context;
  await save(
    context,
    definitions.sources.map(rawEntry).map((entry) => ({ entry, checks: defaultChecks(entry) })),
  );
  for (const source of definitions.sources) await syncStreams(context, source);
  await save(
    context,
    definitions.models.map((model) => ({ entry: modelEntry(model), checks: modelChecks(model) })),
  );
}

/** Brings staged entries up to date with the source's streams; returns the streams that are new or changed. */
export async function syncStreams(context: PipelineContext, source: SourceDefinition): Promise<string[]> {
  const known = source.declaredStreams ?? (await readStreams(context, source));
  const changed = known.filter((schema) => {
    const before = context.state.schemas.get(stagedDatasetName(source.id, schema.stream));
    const anew = before?.version !== schema.version || before.decisions !== schema.decisions;
    // Only whether it waits can change without a new shape.
    if (!anew) context.state.schemas.set(stagedDatasetName(source.id, schema.stream), schema);
    return schema.columns.length > 0 && anew;
  });
  await save(
    context,
    changed.map((schema) => {
      const entry = stagedEntry(source, schema);
      return { entry, checks: defaultChecks(entry) };
    }),
  );
  for (const schema of changed) await rememberStream(context, source, schema);
  return changed.map((schema) => schema.stream);
}

/** Schemas of the source's streams; notes whose rows are being read. */
async function readStreams({ sources, state }: PipelineContext, source: SourceDefinition): Promise<StreamSchema[]> {
  const records = await sources.streams(source.id);
  for (const record of records) {
    const dataset = stagedDatasetName(source.id, record.stream);
    if (readsFast(source) && record.state === "snapshotting") state.beingRead.add(dataset);
    else state.beingRead.delete(dataset);
  }
  return records.map((record) => record.schema);
}

/** Whether the first read is as fast as this machine; where an API sets the pace there is time to load beside it. */
function readsFast(source: SourceDefinition): boolean {
  return source.kind === "postgres";
}

async function rememberStream(context: PipelineContext, source: SourceDefinition, schema: StreamSchema): Promise<void> {
  const dataset = stagedDatasetName(source.id, schema.stream);
  context.state.schemas.set(dataset, schema);
  const edges = stagedLineage(source, schema);
  context.state.columnLineage.set(dataset, edges);
  await context.lineage.saveColumnLineage(dataset, edges);
}

async function save(
  context: PipelineContext,
  known: readonly { entry: CatalogEntry; checks: readonly CheckDefinition[] }[],
): Promise<void> {
  if (known.length === 0) return;
  const { state } = context;
  await context.catalog.saveEntries(known.map(({ entry }) => entry));
  await context.quality.saveChecks(
    known.map(({ entry }) => entry.name),
    known.flatMap(({ checks }) => checks),
  );
  const snapshots = await context.engine.snapshots(known.map(({ entry }) => entry.name));
  for (const { entry, checks } of known) {
    state.entries.set(entry.name, entry);
    state.checks.set(entry.name, checks);
    state.snapshots.set(entry.name, snapshots.get(entry.name) ?? null);
    const consumed = consumedOf(state, entry.name);
    for (const input of consumed.keys()) if (!entry.inputs.includes(input)) consumed.delete(input);
    for (const input of entry.inputs) if (!consumed.has(input)) consumed.set(input, null);
  }
}

/** Column lineage of all models; takes a while, and nothing waits for it. */
export async function saveModelLineage({ definitions, lineage, state, logger }: PipelineContext): Promise<void> {
  const columns = new Map<string, { name: string; type: string }[]>();
  for (const [dataset, contract] of Object.entries(definitions.contracts)) {
    columns.set(dataset, [
      ...Object.entries(contract).map(([name, type]) => ({ name, type })),
      { name: "_deleted_at", type: "timestamptz" },
      { name: "_position", type: "string" },
    ]);
  }
  for (const model of definitions.models) {
    columns.set(model.name, [...(state.entries.get(model.name)?.columns ?? [])]);
    try {
      const edges = definitions.compiler.columnLineage(model, columns);
      state.columnLineage.set(model.name, edges);
      await lineage.saveColumnLineage(model.name, edges);
    } catch (error) {
      if (!isPlatformError(error) || error.kind !== "model-invalid") throw error;
      logger.warn("column lineage of a model could not be read", { model: model.name, reason: error.message });
    }
  }
}
