import "server-only";
import { z } from "zod";
import { may, type Role } from "@nova/pipeline-core/access";
import { SOURCE_IDS, ASKED_ACTIONS } from "@nova/pipeline-core/connectors";
import { procedure, router } from "@/server/trpc.ts";
import { maskPayload } from "./mask-payload.ts";

const sourceInput = z.object({ source: z.enum(SOURCE_IDS) });

/** Only the order database has tables that can be steered one by one. */
const steerInput = z.object({ source: z.literal("orders_db"), stream: z.string().min(1).max(300).nullable() });

/** Error messages may name hosts and accounts: for engineers only. What kind of error it is, and the remedy, is for everyone. */
function withoutMessage<Row extends { readonly errorMessage: string | null }>(role: Role, row: Row): Row {
  return may(role, "sources.view-errors") ? row : { ...row, errorMessage: null };
}

export const sourcesRouter = router({
  list: procedure("sources.view").query(async ({ ctx }) => {
    const sources = await ctx.readModels.sources.list(ctx.clock.now());
    return sources.map((source) => withoutMessage(ctx.user.role, source));
  }),
  /** Null until the worker has made the source known. */
  one: procedure("sources.view")
    .input(sourceInput)
    .query(async ({ ctx, input }) => {
      const source = await ctx.readModels.sources.one(input.source, ctx.clock.now());
      return source === null ? null : withoutMessage(ctx.user.role, source);
    }),
  chart: procedure("sources.view")
    .input(sourceInput.extend({ range: z.enum(["1h", "6h", "24h"]) }))
    .query(({ ctx, input }) => ctx.readModels.sources.chart(input.source, input.range, ctx.clock.now())),
  streams: procedure("sources.view")
    .input(sourceInput)
    .query(async ({ ctx, input }) => {
      const streams = await ctx.readModels.sources.streams(input.source);
      return streams.map((stream) => withoutMessage(ctx.user.role, stream));
    }),
  quarantine: procedure("quarantine.view")
    .input(sourceInput)
    .query(async ({ ctx, input }) => {
      const groups = await ctx.readModels.sources.quarantine(input.source, ctx.clock.now());
      return groups.map(({ payload, ...group }) => ({ ...group, sample: maskPayload(payload) }));
    }),
  /** The last check of what capture needs; remedies name roles and tables, so it is for engineers. */
  diagnosis: procedure("sources.check")
    .input(sourceInput)
    .query(({ ctx, input }) => ctx.readModels.sources.diagnosis(input.source)),
  check: procedure("sources.check")
    .input(sourceInput)
    .mutation(({ ctx, input }) => ctx.sources.check(input.source, ctx.user.email)),
  requests: procedure("sources.view")
    .input(sourceInput)
    .query(({ ctx, input }) => ctx.readModels.sources.requests(input.source)),
  comparisons: procedure("sources.view")
    .input(sourceInput)
    .query(({ ctx, input }) => ctx.reconciliations.list(input.source, null)),
  /** The worker compares within seconds; with `repair` it also reads the keys again that differ. */
  compare: procedure("sources.steer")
    .input(z.object({ source: z.literal("orders_db"), stream: z.string().min(1).max(300), repair: z.boolean() }))
    .mutation(({ ctx, input }) => ctx.reconciliations.ask({ ...input, requestedBy: ctx.user.email })),
  /** Durable: it is on record with its audit entry even while the worker is away. */
  steer: procedure("sources.steer")
    .input(steerInput.extend({ action: z.enum(ASKED_ACTIONS).exclude(["replay"]) }))
    .mutation(({ ctx, input }) => ctx.streamRequests.ask({ ...input, requestedBy: ctx.user.email })),
  replay: procedure("quarantine.replay")
    .input(steerInput.extend({ stream: z.string().min(1).max(300) }))
    .mutation(({ ctx, input }) => ctx.streamRequests.ask({ ...input, action: "replay", requestedBy: ctx.user.email })),
});
