import type { ResultColumn, ResultValue } from "@nova/pipeline-core/access";
import { z } from "zod";
import { CommandFailure } from "./command-failure.ts";
import { cellText, csvCells, csvRecord } from "./csv.ts";
import { textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

export type QueryFormat = "table" | "json" | "csv";

export interface QueryAnswer {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly (readonly ResultValue[])[];
  readonly masked: readonly string[];
  readonly truncated: "rows" | "bytes" | null;
}

const startedSchema = z.object({ queryId: z.string(), userId: z.string() });
const valueSchema: z.ZodType<ResultValue> = z.json();
const pageSchema = z.object({ rows: z.array(z.array(valueSchema)), next: z.number().nullable() });
const statusSchema = z.object({
  state: z.enum(["running", "succeeded", "failed", "cancelled"]),
  columns: z.array(z.object({ name: z.string(), type: z.string() })).nullable(),
  masked: z.array(z.string()),
  truncated: z.enum(["rows", "bytes"]).nullable(),
  error: z
    .object({
      message: z.string(),
      remedy: z.string(),
      at: z.object({ line: z.number(), column: z.number() }).nullable(),
    })
    .nullable(),
});

/** Starts the query, reads its pages as they come, and returns all rows. Throws `CommandFailure` when it fails. */
export async function runQuery(worker: WorkerClient, sql: string, email: string | undefined): Promise<QueryAnswer> {
  const { queryId, userId } = await worker.post(
    "/queries",
    { sql, ...(email === undefined ? {} : { email }) },
    startedSchema,
  );
  const rows: (readonly ResultValue[])[] = [];
  for (let page: number | null = 0; page !== null;) {
    const got: z.infer<typeof pageSchema> = await worker.get(
      `/queries/${queryId}/pages`,
      { userId, after: String(page) },
      pageSchema,
    );
    rows.push(...got.rows);
    page = got.next;
  }
  const status = await worker.get(`/queries/${queryId}`, { userId }, statusSchema);
  if (status.error !== null) {
    const { message, remedy, at } = status.error;
    throw new CommandFailure(
      "failed",
      `${at === null ? "" : `line ${at.line}, column ${at.column}: `}${message}\n${remedy}`,
    );
  }
  if (status.state !== "succeeded") throw new CommandFailure("failed", `the query was ${status.state}`);
  return { columns: status.columns ?? [], rows, masked: status.masked, truncated: status.truncated };
}

/** The answer as text for standard output. JSON: an array of objects, exact values as text. */
export function answerText({ columns, rows }: QueryAnswer, format: QueryFormat): string {
  switch (format) {
    case "csv":
      return [
        csvRecord(columns.map((column) => column.name)),
        ...rows.map((row) => csvRecord(csvCells(columns, row))),
      ].join("");
    case "json":
      return `${JSON.stringify(
        rows.map((row) => Object.fromEntries(columns.map((column, index) => [column.name, row[index] ?? null]))),
        null,
        2,
      )}\n`;
    case "table": {
      const numeric = /INT|DECIMAL|DOUBLE|FLOAT/;
      const titled = columns.map((column, index) => ({
        title: column.name,
        value: (row: readonly ResultValue[]) =>
          row[index] === null ? "∅" : cellText(row[index] ?? null).replaceAll(/\s+/g, " "),
        right: numeric.test(column.type),
      }));
      return `${textTable(titled, rows)}\n(${rows.length} ${rows.length === 1 ? "row" : "rows"})\n`;
    }
  }
}

/** What a person should know beside the rows; for standard error, so that output stays clean. */
export function answerNotes({ masked, truncated }: QueryAnswer): string[] {
  return [
    ...(truncated === null ? [] : [`the result was cut at the limit of ${truncated}; add a filter or a LIMIT`]),
    ...(masked.length === 0 ? [] : [`masked for you: ${masked.join(", ")}`]),
  ];
}
