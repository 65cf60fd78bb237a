import "server-only";
import { dehydrate, type FetchQueryOptions, HydrationBoundary } from "@tanstack/react-query";
import { createTRPCOptionsProxy } from "@trpc/tanstack-react-query";
import { type ReactNode, cache } from "react";
import { appRouter } from "@/server/root.ts";
import { createRequestContext } from "@/server/trpc.ts";
import { createQueryClient } from "./query-client.ts";

const queryClientOfRequest = cache(createQueryClient);
const contextOfRequest = cache(createRequestContext);

/** tRPC query options on the server: `prefetch(trpc.sources.list.queryOptions())`. */
export const trpc = createTRPCOptionsProxy({
  router: appRouter,
  ctx: contextOfRequest,
  queryClient: queryClientOfRequest,
});

/**
 * Reads all given queries side by side before the page renders. A query that fails is left to the client, which shows
 * the error beside what did load.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- query option types differ per procedure
export async function prefetch(...queries: readonly FetchQueryOptions<any, any, any, any>[]): Promise<void> {
  const client = queryClientOfRequest();
  await Promise.all(queries.map((options) => client.prefetchQuery(options)));
}

/** Hands what was prefetched to the client components below it. */
export function HydrateClient({ children }: { readonly children: ReactNode }) {
  return <HydrationBoundary state={dehydrate(queryClientOfRequest())}>{children}</HydrationBoundary>;
}
