import { defaultShouldDehydrateQuery, keepPreviousData, QueryCache, QueryClient } from "@tanstack/react-query";
import { TRPCClientError } from "@trpc/client";
import superjson from "superjson";

const EXPECTED_CODES = new Set(["UNAUTHORIZED", "FORBIDDEN", "NOT_FOUND", "BAD_REQUEST", "CONFLICT"]);

/** Data stays fresh until a live event or half a minute says otherwise; old data stays on screen while new is read. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    queryCache: new QueryCache({ onError: signInAgain }),
    defaultOptions: {
      queries: {
        staleTime: 30_000,
        placeholderData: keepPreviousData,
        refetchOnWindowFocus: true,
        // Never on the server: a page must not wait for what the browser can ask again.
        retry: (failures, error) => typeof window !== "undefined" && failures < 2 && !isExpected(error),
      },
      dehydrate: {
        serializeData: superjson.serialize,
        shouldDehydrateQuery: (query) => defaultShouldDehydrateQuery(query) || query.state.status === "pending",
        shouldRedactErrors: () => false,
      },
      hydrate: { deserializeData: superjson.deserialize },
    },
  });
}

/** A session that ended while the page was open leads back to the sign-in, and from there to this page. */
function signInAgain(error: unknown): void {
  if (typeof window === "undefined" || codeOf(error) !== "UNAUTHORIZED") return;
  const here = window.location.pathname + window.location.search;
  window.location.assign(`/sign-in?to=${encodeURIComponent(here)}`);
}

function isExpected(error: unknown): boolean {
  return EXPECTED_CODES.has(codeOf(error));
}

/** The tRPC code of an error, or nothing. */
function codeOf(error: unknown): string {
  if (!(error instanceof TRPCClientError)) return "";
  const data: unknown = error.data;
  return typeof data === "object" && data !== null && "code" in data ? String(data.code) : "";
}
