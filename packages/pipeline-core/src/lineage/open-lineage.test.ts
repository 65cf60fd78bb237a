import { describe, expect, it } from "vitest";
import { z } from "zod";
import { pipelineRunEvent, type StepRun, stepRunEvent } from "./open-lineage.ts";

// The specification's own shapes (spec/OpenLineage.json 2-0-2 and spec/facets), as far as our events use them.
const facetOf = (name: string) => ({
  _producer: z.url(),
  _schemaURL: z
    .url()
    .regex(new RegExp(`^https://openlineage\\.io/spec/facets/\\d+-\\d+-\\d+/${name}\\.json#/\\$defs/${name}$`)),
});
const placeSchema = z.object({ namespace: z.string().min(1), name: z.string().min(1) });
const schemaFacet = z.object({
  ...facetOf("SchemaDatasetFacet"),
  fields: z.array(z.object({ name: z.string(), type: z.string().optional(), description: z.string().optional() })),
});
const columnLineageFacet = z.object({
  ...facetOf("ColumnLineageDatasetFacet"),
  fields: z.record(
    z.string(),
    z.object({
      inputFields: z.array(
        placeSchema.extend({
          field: z.string(),
          transformations: z.array(
            z.object({
              type: z.enum(["DIRECT", "INDIRECT"]),
              subtype: z.string().optional(),
              description: z.string().optional(),
              masking: z.boolean().optional(),
            }),
          ),
        }),
      ),
    }),
  ),
});
const datasetSchema = placeSchema.extend({
  facets: z.strictObject({ schema: schemaFacet.optional(), columnLineage: columnLineageFacet.optional() }),
});
const eventSchema = z.strictObject({
  eventType: z.enum(["START", "RUNNING", "COMPLETE", "ABORT", "FAIL", "OTHER"]),
  eventTime: z.iso.datetime(),
  producer: z.url(),
  schemaURL: z.literal("https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"),
  run: z.object({
    runId: z.uuid(),
    facets: z.strictObject({
      parent: z
        .object({ ...facetOf("ParentRunFacet"), run: z.object({ runId: z.uuid() }), job: placeSchema })
        .optional(),
      errorMessage: z
        .object({ ...facetOf("ErrorMessageRunFacet"), message: z.string(), programmingLanguage: z.string() })
        .optional(),
    }),
  }),
  job: placeSchema.extend({
    facets: z.strictObject({
      jobType: z.object({
        ...facetOf("JobTypeJobFacet"),
        processingType: z.literal("BATCH"),
        integration: z.string(),
        jobType: z.string(),
      }),
      sql: z.object({ ...facetOf("SQLJobFacet"), query: z.string() }).optional(),
    }),
  }),
  inputs: z.array(datasetSchema),
  outputs: z.array(
    datasetSchema.extend({
      outputFacets: z
        .strictObject({
          outputStatistics: z.object({
            ...facetOf("OutputStatisticsOutputDatasetFacet"),
            rowCount: z.int(),
            size: z.int(),
          }),
        })
        .optional(),
    }),
  ),
});

const ORIGIN = { namespace: "novaretail", producer: "https://novaretail.example/data-platform" };
const RUN = { runId: "019a0000-0000-7000-8000-000000000001", pipeline: "sales" };
const AT = new Date("2026-11-23T12:00:00.250Z");
const column = (name: string) => ({ name, type: "long", description: `The ${name}.`, pii: "none" as const });
const edge = (fromDataset: string, kind: "identity" | "transformed" | "indirect", toColumn = "total") => ({
  fromDataset,
  fromColumn: "total",
  toDataset: "curated.orders",
  toColumn,
  kind,
  expression: kind === "identity" ? "" : "sum(total)",
});
const STEP: StepRun = {
  runId: "019a0000-0000-5000-8000-000000000002",
  parent: RUN,
  inputs: [{ name: "staged.orders_db__orders", columns: [column("total")] }],
  output: { name: "curated.orders", columns: [column("total"), column("lines")] },
  edges: [edge("staged.orders_db__orders", "identity"), edge("orders_db/public.orders", "indirect", "lines")],
  sql: "SELECT 1",
  written: { rows: 3, bytes: 99 },
};

describe("OpenLineage events", () => {
  it.each(["START", "COMPLETE", "FAIL", "ABORT"] as const)("of a run that comes to %s are as specified", (state) => {
    const event = pipelineRunEvent(ORIGIN, RUN, { state, at: AT, ...(state === "FAIL" ? { error: "no" } : {}) });
    expect(eventSchema.parse(event)).toMatchObject({
      eventType: state,
      eventTime: "2026-11-23T12:00:00.250Z",
      run: { runId: RUN.runId, facets: state === "FAIL" ? { errorMessage: { message: "no" } } : {} },
      job: { namespace: "novaretail", name: "sales", facets: { jobType: { jobType: "PIPELINE" } } },
    });
  });

  it("of a step name their run, schemas, the columns' origins and what was written", () => {
    const event = eventSchema.parse(stepRunEvent(ORIGIN, STEP, { state: "COMPLETE", at: AT }));
    expect(event.run.facets.parent).toMatchObject({ run: { runId: RUN.runId }, job: { name: "sales" } });
    expect(event.job).toMatchObject({ name: "sales.curated.orders", facets: { sql: { query: "SELECT 1" } } });
    expect(event.inputs.map(({ name }) => name)).toEqual(["staged.orders_db__orders"]);
    const [output] = event.outputs;
    expect(output?.facets.schema?.fields).toEqual([
      { name: "total", type: "long", description: "The total." },
      { name: "lines", type: "long", description: "The lines." },
    ]);
    expect(output?.facets.columnLineage?.fields).toMatchObject({
      total: {
        inputFields: [
          {
            namespace: "novaretail",
            name: "staged.orders_db__orders",
            field: "total",
            transformations: [{ type: "DIRECT", subtype: "IDENTITY" }],
          },
        ],
      },
      lines: {
        inputFields: [
          { namespace: "novaretail.orders_db", name: "public.orders", transformations: [{ type: "INDIRECT" }] },
        ],
      },
    });
    expect(output?.outputFacets?.outputStatistics).toMatchObject({ rowCount: 3, size: 99 });
  });

  it("leave out what is not known", () => {
    const { written: _written, ...step } = STEP;
    const event = stepRunEvent(
      ORIGIN,
      { ...step, sql: "", edges: [], output: { name: "staged.orders_db__orders", columns: [] } },
      { state: "START", at: AT },
    );
    expect(eventSchema.parse(event).outputs).toEqual([
      { namespace: "novaretail", name: "staged.orders_db__orders", facets: {} },
    ]);
    expect(event.job.facets).not.toHaveProperty("sql");
  });
});
