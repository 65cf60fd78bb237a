import type { DatasetColumn, DatasetName } from "../catalog/index.ts";
import type { ColumnEdgeKind, ColumnLineageEdge, LineageNode } from "./model.ts";

/** How a run of an OpenLineage job goes on (https://openlineage.io/docs/spec/run-cycle). */
export type OpenLineageState = "START" | "COMPLETE" | "FAIL" | "ABORT";

/** Where events come from: `namespace` is that of jobs and datasets, `producer` a URI of this code. */
export interface OpenLineageOrigin {
  readonly namespace: string;
  readonly producer: string;
}

type Facet = Readonly<Record<string, unknown>> & { readonly _producer: string; readonly _schemaURL: string };
type Facets = Readonly<Record<string, Facet>>;

export interface OpenLineageDataset {
  readonly namespace: string;
  readonly name: string;
  readonly facets: Facets;
  readonly outputFacets?: Facets;
}

/** A run event of the OpenLineage specification, 2-0-2. */
export interface OpenLineageEvent {
  readonly eventType: OpenLineageState;
  readonly eventTime: string;
  readonly producer: string;
  readonly schemaURL: string;
  readonly run: { readonly runId: string; readonly facets: Facets };
  readonly job: { readonly namespace: string; readonly name: string; readonly facets: Facets };
  readonly inputs: readonly OpenLineageDataset[];
  readonly outputs: readonly OpenLineageDataset[];
}

interface Moment {
  readonly state: OpenLineageState;
  readonly at: Date;
  /** Why it failed. */
  readonly error?: string;
}

/** One execution of a pipeline; its steps name it as their parent. */
export interface PipelineRun {
  readonly runId: string;
  readonly pipeline: string;
}

export interface LineageShape {
  readonly name: DatasetName;
  readonly columns: readonly DatasetColumn[];
}

/** One dataset in a run. */
export interface StepRun {
  /** A UUID of its own. */
  readonly runId: string;
  readonly parent: PipelineRun;
  readonly inputs: readonly LineageShape[];
  readonly output: LineageShape;
  readonly edges: readonly ColumnLineageEdge[];
  /** Empty for what is loaded, not modelled. */
  readonly sql: string;
  /** What it wrote, once it did. */
  readonly written?: { readonly rows: number; readonly bytes: number };
}

const EVENT_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";
const FACET_SCHEMAS = {
  columnLineage: "1-2-0/ColumnLineageDatasetFacet.json",
  errorMessage: "1-0-1/ErrorMessageRunFacet.json",
  jobType: "2-0-3/JobTypeJobFacet.json",
  outputStatistics: "1-0-2/OutputStatisticsOutputDatasetFacet.json",
  parent: "1-0-1/ParentRunFacet.json",
  schema: "1-2-0/SchemaDatasetFacet.json",
  sql: "1-1-0/SQLJobFacet.json",
} as const;

export function pipelineRunEvent(origin: OpenLineageOrigin, run: PipelineRun, moment: Moment): OpenLineageEvent {
  return event(origin, moment, {
    run: { runId: run.runId, facets: errorOf(origin, moment) },
    job: job(origin, run.pipeline, "PIPELINE", ""),
    inputs: [],
    outputs: [],
  });
}

export function stepRunEvent(origin: OpenLineageOrigin, step: StepRun, moment: Moment): OpenLineageEvent {
  const { parent, output, edges, written } = step;
  const { namespace } = origin;
  return event(origin, moment, {
    run: {
      runId: step.runId,
      facets: {
        parent: facet(origin, "parent", {
          run: { runId: parent.runId },
          job: { namespace, name: parent.pipeline },
        }),
        ...errorOf(origin, moment),
      },
    },
    job: job(origin, `${parent.pipeline}.${output.name}`, step.sql === "" ? "LOAD" : "MODEL", step.sql),
    inputs: step.inputs.map((input) => dataset(origin, input, {})),
    outputs: [
      {
        ...dataset(
          origin,
          output,
          edges.length === 0
            ? {}
            : { columnLineage: facet(origin, "columnLineage", { fields: fields(origin, edges) }) },
        ),
        ...(written === undefined
          ? {}
          : {
              outputFacets: {
                outputStatistics: facet(origin, "outputStatistics", { rowCount: written.rows, size: written.bytes }),
              },
            }),
      },
    ],
  });
}

function event(
  { producer }: OpenLineageOrigin,
  { state, at }: Moment,
  rest: Pick<OpenLineageEvent, "run" | "job" | "inputs" | "outputs">,
): OpenLineageEvent {
  return { eventType: state, eventTime: at.toISOString(), producer, schemaURL: EVENT_SCHEMA, ...rest };
}

function facet(
  { producer }: OpenLineageOrigin,
  name: keyof typeof FACET_SCHEMAS,
  content: Readonly<Record<string, unknown>>,
): Facet {
  const file = FACET_SCHEMAS[name];
  const definition = file.slice(file.indexOf("/") + 1, -".json".length);
  return {
    _producer: producer,
    _schemaURL: `https://openlineage.io/spec/facets/${file}#/$defs/${definition}`,
    ...content,
  };
}

function errorOf(origin: OpenLineageOrigin, { error }: Moment): Facets {
  return error === undefined
    ? {}
    : { errorMessage: facet(origin, "errorMessage", { message: error, programmingLanguage: "TypeScript" }) };
}

function job(origin: OpenLineageOrigin, name: string, jobType: string, sql: string): OpenLineageEvent["job"] {
  return {
    namespace: origin.namespace,
    name,
    facets: {
      jobType: facet(origin, "jobType", { processingType: "BATCH", integration: "NOVA", jobType }),
      ...(sql === "" ? {} : { sql: facet(origin, "sql", { query: sql }) }),
    },
  };
}

function dataset(origin: OpenLineageOrigin, { name, columns }: LineageShape, facets: Facets): OpenLineageDataset {
  const known = columns.map(({ name: column, type, description }) => ({ name: column, type, description }));
  return {
    namespace: origin.namespace,
    name,
    facets: { ...(known.length === 0 ? {} : { schema: facet(origin, "schema", { fields: known }) }), ...facets },
  };
}

const TRANSFORMATION: Record<ColumnEdgeKind, { readonly type: string; readonly subtype?: string }> = {
  identity: { type: "DIRECT", subtype: "IDENTITY" },
  transformed: { type: "DIRECT", subtype: "TRANSFORMATION" },
  indirect: { type: "INDIRECT" },
};

function fields(origin: OpenLineageOrigin, edges: readonly ColumnLineageEdge[]): Readonly<Record<string, unknown>> {
  const byColumn = Map.groupBy(edges, (edge) => edge.toColumn);
  return Object.fromEntries(
    [...byColumn].map(([column, into]) => [
      column,
      {
        inputFields: into.map(({ fromDataset, fromColumn, kind, expression }) => ({
          ...place(origin, fromDataset),
          field: fromColumn,
          transformations: [{ ...TRANSFORMATION[kind], description: expression, masking: false }],
        })),
      },
    ]),
  );
}

/** A source's stream is a dataset of the source's own namespace. */
function place({ namespace }: OpenLineageOrigin, node: LineageNode): { namespace: string; name: string } {
  const [source, stream] = node.split("/");
  return stream === undefined ? { namespace, name: node } : { namespace: `${namespace}.${source}`, name: stream };
}
