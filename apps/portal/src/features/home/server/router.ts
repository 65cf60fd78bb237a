import "server-only";
import { may } from "@nova/pipeline-core/access";
import { procedure, router } from "@/server/trpc.ts";
import { judge, judgeHealth } from "./judge-health.ts";
import { owns } from "./owns.ts";
import type { Waiting } from "./waiting.ts";

const WORST = 8;
const LANDED = 12;
const OWN_QUERIES = 6;

export const homeRouter = router({
  health: procedure("home.view").query(async ({ ctx }) =>
    judgeHealth(await ctx.readModels.home.health(), ctx.clock.now(), WORST),
  ),
  landed: procedure("home.view").query(({ ctx }) => ctx.readModels.home.landed(LANDED)),
  /** What waits for this person, by what their role is for. */
  waiting: procedure("home.view").query(async ({ ctx }): Promise<Waiting> => {
    const { role, userId } = ctx.user;
    const now = ctx.clock.now();
    if (role === "data-engineer" || role === "platform-engineer")
      return { for: "engineers", work: await ctx.readModels.home.engineerWork(now) };
    if (role === "data-owner") {
      const rows = await ctx.readModels.home.health();
      const mine = rows.filter((row) => owns(ctx.user, row.owner));
      const troubled = mine
        .map((row) => judge(row, now))
        .filter((dataset) => dataset.state !== "fresh" || dataset.failingChecks > 0);
      return { for: "owners", owned: mine.length, troubled };
    }
    const [queries, work] = await Promise.all([
      ctx.readModels.home.ownQueries(userId, OWN_QUERIES),
      may(role, "quarantine.view") ? ctx.readModels.home.engineerWork(now) : Promise.resolve([]),
    ]);
    return { for: "readers", queries, work: work.filter((item) => item.kind === "quarantine") };
  }),
});
