import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";

const secretsFile = z.object({ internalToken: z.string(), workerUrl: z.url() });
const started = z.object({ queryId: z.string(), userId: z.string() });
const pageOfRows = z.object({ rows: z.array(z.array(z.json())), next: z.number().nullable() });
const statusAnswer = z.object({
  sources: z.array(
    z.object({
      id: z.string(),
      state: z.string(),
      rowsPerSecond: z.number(),
      lagSeconds: z.number().nullable(),
      totalRows: z.number(),
    }),
  ),
  datasets: z.array(z.object({ name: z.string(), freshness: z.string(), rows: z.number().nullable() })),
});

export type PlatformStatus = z.infer<typeof statusAnswer>;

/** The services behind `npm run nova`, asked the same way. */
export interface WorkerApi {
  status(): Promise<PlatformStatus>;
  /** The rows of one SELECT. */
  query(sql: string): Promise<readonly (readonly unknown[])[]>;
}

/** The running platform's worker, by the token that lies beside its run.json. */
export function connectWorker(runJson: string): WorkerApi {
  const text = readFileSync(join(dirname(runJson), "secrets.json"), "utf8");
  const { internalToken, workerUrl } = secretsFile.parse(JSON.parse(text));

  async function ask<Schema extends z.ZodType>(path: string, schema: Schema, body?: unknown): Promise<z.infer<Schema>> {
    const response = await fetch(`${workerUrl}/internal${path}`, {
      headers: { authorization: `Bearer ${internalToken}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`the worker answered ${response.status} to ${path}: ${await response.text()}`);
    return schema.parse(await response.json());
  }

  return {
    status: () => ask("/status?search=", statusAnswer),
    async query(sql) {
      const { queryId, userId } = await ask("/queries", started, { sql });
      const rows: (readonly unknown[])[] = [];
      for (let page: number | null = 0; page !== null;) {
        const got: z.infer<typeof pageOfRows> = await ask(
          `/queries/${queryId}/pages?userId=${userId}&after=${page}`,
          pageOfRows,
        );
        rows.push(...got.rows);
        page = got.next;
      }
      return rows;
    },
  };
}
