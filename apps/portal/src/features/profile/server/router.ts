import "server-only";
import { z } from "zod";
import { procedure, router } from "@/server/trpc.ts";

const timeZoneSchema = z
  .string()
  .refine(
    (zone) => Intl.supportedValuesOf("timeZone").includes(zone) || zone === "UTC",
    "must be an IANA time zone, e.g. Europe/Lisbon",
  );

export const profileRouter = router({
  me: procedure("profile.view").query(({ ctx }) => ({
    id: ctx.user.userId,
    name: ctx.user.name,
    email: ctx.user.email,
    title: ctx.user.title,
    role: ctx.user.role,
    timeZone: ctx.user.timeZone,
  })),
  setTimeZone: procedure("profile.edit")
    .input(z.object({ timeZone: timeZoneSchema }))
    .mutation(async ({ ctx, input }) => {
      await ctx.readModels.people.setTimeZone(ctx.user.userId, input.timeZone);
    }),
});
