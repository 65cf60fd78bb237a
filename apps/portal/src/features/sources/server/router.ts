import "server-only";
import { z } from "zod";
import { may, type Role } from "@nova/pipeline-core/access";
import { COMPARED_SOURCES, maskPayload, SOURCE_IDS, ASKED_ACTIONS } from "@nova/pipeline-core/connectors";
import type { SourceFlow } from "@nova/db/read-models";
import { procedure, router } from "@/server/trpc.ts";

const sourceInput = z.object({ source: z.enum(SOURCE_IDS) });

const boundInput = z.array(z.string().max(1_000)).min(1).max(32).readonly().nullable();
const steerInput = sourceInput.extend({ stream: z.string().min(1).max(300).nullable() });

/** Error messages may name hosts and accounts: for engineers only. What kind of error it is, and the remedy, is for everyone. */
function withoutMessage<Row extends { readonly errorMessage: string | null }>(role: Role, row: Row): Row {
  return may(role, "sources.view-errors") ? row : { ...row, errorMessage: null };
}

function withoutMessages(role: Role, flow: SourceFlow): SourceFlow {
  const bare = withoutMessage(role, flow);
  if (may(role, "sources.view-errors")) return bare;
  const breakers = flow.breakers.map(({ error, ...rest }) => ({
    ...rest,
    error: error === null ? null : { kind: error.kind, message: "" },
  }));
  return { ...bare, breakers };
}

export const sourcesRouter = router({
  list: procedure("sources.view").query(async ({ ctx }) => {
    const sources = await ctx.readModels.sources.list(ctx.clock.now());
    return sources.map((source) => withoutMessages(ctx.user.role, source));
  }),
  /** Null until the worker has made the source known. */
  one: procedure("sources.view")
    .input(sourceInput)
    .query(async ({ ctx, input }) => {
      const source = await ctx.readModels.sources.one(input.source, ctx.clock.now());
      return source === null ? null : withoutMessages(ctx.user.role, source);
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
  refusals: procedure("sources.view")
    .input(sourceInput)
    .query(({ ctx, input }) => ctx.readModels.sources.refusals(input.source, ctx.clock.now())),
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
    .input(z.object({ source: z.enum(COMPARED_SOURCES), stream: z.string().min(1).max(300), repair: z.boolean() }))
    .mutation(({ ctx, input }) => ctx.reconciliations.ask({ ...input, requestedBy: ctx.user.email })),
  /** Durable: it is on record with its audit entry even while the worker is away. */
  steer: procedure("sources.steer")
    .input(
      steerInput.extend({
        action: z.enum(ASKED_ACTIONS).exclude(["replay"]),
        range: z.strictObject({ from: boundInput, through: boundInput }).optional(),
      }),
    )
    .mutation(({ ctx, input: { range, ...input } }) =>
      ctx.streamRequests.ask({ ...input, ...(range === undefined ? {} : { range }), requestedBy: ctx.user.email }),
    ),
  replay: procedure("quarantine.replay")
    .input(steerInput.extend({ why: z.string().min(1).max(2_000).nullable() }))
    .mutation(({ ctx, input: { why, ...input } }) =>
      ctx.streamRequests.ask({
        ...input,
        ...(why === null ? {} : { why }),
        action: "replay",
        requestedBy: ctx.user.email,
      }),
    ),
});
