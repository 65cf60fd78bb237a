import type { CostFilter, CostMonth, CostRow } from "@nova/db/read-models";
import { COST_GROUPS, type CostGroup, monthlyScans, monthStart, scanDollars } from "@nova/pipeline-core/cost";
import type { Clock } from "@nova/pipeline-core/kernel";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { parseInput } from "./errors.ts";

export interface CostDeps {
  readonly groups: (by: CostGroup, filter: CostFilter) => Promise<CostRow[]>;
  readonly month: (from: Date) => Promise<CostMonth>;
}

const daySchema = z.iso.date("must be a day like 2026-11-23");
const costSchema = z
  .object({
    by: z.enum(COST_GROUPS, `must be one of ${COST_GROUPS.join(", ")}`).default("dataset"),
    from: daySchema.optional(),
    to: daySchema.optional(),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ["to"],
    error: "must not be before the first day",
  });

/** What scans cost and who is charged: `GET /internal/cost?by=&from=&to=`, UTC days, both included; this month without them. */
export function registerCost(app: FastifyInstance, cost: CostDeps, clock: Clock): void {
  app.get("/cost", async (request) => {
    const { by, ...asked } = parseInput(costSchema, request.query);
    const now = clock.now();
    const from = asked.from ?? monthStart(now).toISOString().slice(0, 10);
    const to = asked.to ?? now.toISOString().slice(0, 10);
    const all = { from, to, dataset: null, pipeline: null, owner: null, kind: null };
    const [rows, soFar] = await Promise.all([cost.groups(by, all), cost.month(monthStart(now))]);
    return {
      from,
      to,
      by,
      month: monthlyScans(now, soFar),
      rows: rows.map((row) => ({ ...row, dollars: scanDollars(row.billedBytes) })),
    };
  });
}
