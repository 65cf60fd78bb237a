import "server-only";
import { z } from "zod";
import { MATRIX, may, type Role } from "@nova/pipeline-core/access";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { TRIGGERS } from "@nova/pipeline-core/orchestration";
import { procedure, router } from "@/server/trpc.ts";
import { isRunCursor } from "../run-cursor.ts";
import { RUN_TABS, TAB_SCOPE } from "../run-tabs.ts";

const idInput = z.object({ id: z.uuid("must be a run's id") });
const filterInput = z.object({
  pipeline: z.string().max(200).nullable(),
  trigger: z.enum(TRIGGERS).nullable(),
  dataset: z.string().max(200),
  startedFrom: z.date().nullable(),
  startedTo: z.date().nullable(),
  longerThanSeconds: z.number().positive().max(1e9).nullable(),
  launchedBy: z.string().max(320).nullable(),
});
const pageInput = filterInput.extend({
  tab: z.enum(RUN_TABS),
  inside: z.boolean(),
  at: z
    .object({
      direction: z.enum(["older", "newer"]),
      cursor: z.string().refine(isRunCursor, "must be a cursor that this list gave out"),
    })
    .nullable(),
});
const logInput = idInput.extend({
  after: z.number().int().min(0).optional(),
  before: z.number().int().min(0).optional(),
});

const PAGE_ROWS = 50;
const LOG_LINES = 1_000;

/**
 * Error messages may quote rows and name hosts: they are for those who may read the log. What kind of error it is, and
 * the remedy, is for everyone.
 */
function withoutMessage<Row extends { readonly errorMessage: string | null }>(role: Role, row: Row): Row {
  return may(role, "runs.view-log") ? row : { ...row, errorMessage: null };
}

export const runsRouter = router({
  page: procedure("runs.view")
    .input(pageInput)
    .query(async ({ ctx, input: { tab, inside, at, ...filter } }) => {
      const now = ctx.clock.now();
      const page = await ctx.readModels.runsList.page(filter, { ...TAB_SCOPE[tab], inside }, at, PAGE_ROWS, now);
      return {
        ...page,
        rows: page.rows.map((row) => (row.kind === "run" ? withoutMessage(ctx.user.role, row) : row)),
      };
    }),
  counts: procedure("runs.view")
    .input(filterInput)
    .query(({ ctx, input }) => ctx.readModels.runsList.counts(input, ctx.clock.now())),
  /** Those whose name may stand behind a run. */
  launchers: procedure("runs.view").query(({ ctx }) => ctx.readModels.people.withRoles(MATRIX["runs.run"])),
  pipelines: procedure("runs.view").query(({ ctx }) => ctx.readModels.runs.pipelines()),
  one: procedure("runs.view")
    .input(idInput)
    .query(async ({ ctx, input }) => {
      const run = await ctx.readModels.run.one(input.id);
      if (run === null) throw new PlatformError("not-found", `There is no run ${input.id}; old runs are removed.`);
      return withoutMessage(ctx.user.role, run);
    }),
  steps: procedure("runs.view")
    .input(idInput)
    .query(async ({ ctx, input }) => {
      const steps = await ctx.readModels.run.steps(input.id);
      return steps.map((step) => ({
        ...withoutMessage(ctx.user.role, step),
        attempts: step.attempts.map((attempt) => withoutMessage(ctx.user.role, attempt)),
      }));
    }),
  /** Each step beside the last good run of its dataset. */
  comparison: procedure("runs.view")
    .input(idInput)
    .query(({ ctx, input }) => ctx.readModels.runComparison.ofRun(input.id)),
  /** Up to a thousand lines: the newest, or those next to a known line. */
  log: procedure("runs.view-log")
    .input(logInput)
    .query(({ ctx, input: { id, ...position } }) => ctx.readModels.run.log(id, position, LOG_LINES)),
});
