import type { Metadata } from "next";
import { SchedulesPage } from "@/features/schedules/index.ts";
import { HydrateClient, prefetch, trpc } from "@/trpc/server.tsx";

export const metadata: Metadata = { title: "Schedules" };

export default async function Page() {
  await prefetch(trpc.schedules.list.queryOptions());
  return (
    <HydrateClient>
      <SchedulesPage />
    </HydrateClient>
  );
}
