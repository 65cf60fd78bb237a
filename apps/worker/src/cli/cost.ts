import { COST_GROUPS, dollarText, monthText } from "@nova/pipeline-core/cost";
import type { Command } from "commander";
import { z } from "zod";
import { count, textTable } from "./text-table.ts";
import type { WorkerClient } from "./worker-client.ts";

interface CostDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

const costSchema = z.object({
  from: z.string(),
  to: z.string(),
  by: z.enum(COST_GROUPS),
  month: z.object({
    dollars: z.number(),
    budgetDollars: z.number(),
    projectedDollars: z.number(),
    verdict: z.enum(["within", "over-pace", "over"]),
    reachedOn: z.coerce.date().nullable(),
  }),
  rows: z.array(
    z.object({
      name: z.string(),
      scannedBytes: z.number(),
      billedBytes: z.number(),
      queries: z.number(),
      dollars: z.number(),
    }),
  ),
});
export type Cost = z.infer<typeof costSchema>;

interface CostOptions {
  readonly by: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

/** `nova cost`; the same as the screen. */
export function addCost(program: Command, { worker, print, printJson }: CostDeps): void {
  program
    .command("cost")
    .description(
      "what scans of the lake cost by the declared price, the dearest first, and the month against its budget",
    )
    .option("--by <group>", COST_GROUPS.join(", "), "dataset")
    .option("--from <day>", "first UTC day; without it the first of this month")
    .option("--to <day>", "last UTC day; without it today")
    .option("--json", "as JSON")
    .action(async ({ by, from, to, json }: CostOptions) => {
      const cost = await (await worker()).get("/cost", { by, from, to }, costSchema);
      if (json === true) printJson(cost);
      else print(costText(cost));
    });
}

export function costText({ from, to, by, month, rows }: Cost): string {
  const total = rows.reduce((sum, row) => sum + row.dollars, 0);
  const table =
    rows.length === 0
      ? `nothing was scanned from ${from} to ${to}`
      : textTable(
          [
            { title: by.toUpperCase(), value: ({ name }) => name || "(none)" },
            { title: "DOLLARS", value: ({ dollars }) => dollarText(dollars), right: true },
            { title: "BILLED MB", value: ({ billedBytes }) => count(billedBytes / 1e6), right: true },
            { title: "SCANNED MB", value: ({ scannedBytes }) => count(scannedBytes / 1e6), right: true },
            { title: "QUERIES", value: ({ queries }) => count(queries), right: true },
          ],
          rows,
        );
  return `${monthText(month)}\n${from} to ${to}: ${dollarText(total)}\n\n${table}`;
}
