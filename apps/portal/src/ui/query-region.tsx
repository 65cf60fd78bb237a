"use client";

import type { ReactNode } from "react";
import { Button } from "./button.tsx";
import { EmptyState } from "./empty-state.tsx";

/** What a region needs of a query; TanStack Query's result fits. */
export interface RegionQuery<Data> {
  readonly data: Data | undefined;
  readonly error: unknown;
  readonly isFetching: boolean;
  readonly refetch: () => unknown;
}

interface QueryRegionProps<Data> {
  readonly query: RegionQuery<Data>;
  /** What the region shows, for the error's words: "the streams". */
  readonly what: string;
  readonly skeleton: ReactNode;
  readonly children: (data: Data) => ReactNode;
}

/** Skeleton, data or a local error with retry. Data once shown stays while it is read again, also when that fails. */
export function QueryRegion<Data>({ query, what, skeleton, children }: QueryRegionProps<Data>) {
  if (query.data !== undefined) {
    return (
      <>
        {query.error === null || query.error === undefined ? null : <StaleNote what={what} query={query} />}
        {children(query.data)}
      </>
    );
  }
  if (query.error !== null && query.error !== undefined)
    return <ErrorRegion what={what} error={query.error} retry={() => void query.refetch()} busy={query.isFetching} />;
  return <>{skeleton}</>;
}

function StaleNote<Data>({ what, query }: { readonly what: string; readonly query: RegionQuery<Data> }) {
  return (
    <div
      role="status"
      className="flex items-center justify-between gap-3 border-b border-line bg-warn-soft px-4 py-1.5 text-xs text-warn"
    >
      <span>Could not refresh {what}; this is what was last known.</span>
      <Button size="sm" kind="ghost" busy={query.isFetching} onClick={() => void query.refetch()}>
        Try again
      </Button>
    </div>
  );
}

interface ErrorRegionProps {
  readonly what: string;
  readonly error: unknown;
  readonly retry?: () => void;
  readonly busy?: boolean;
}

/** An error beside what does work: what failed, why, what to do, and a button to try again. */
export function ErrorRegion({ what, error, retry, busy = false }: ErrorRegionProps) {
  const { message, remedy, forbidden } = describe(error);
  if (forbidden) {
    return (
      <EmptyState kind="forbidden" title={`You may not see ${what}`} compact>
        {message} Ask the platform engineer if your work needs it.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      kind="broken"
      title={`Could not load ${what}`}
      compact
      action={
        retry === undefined ? undefined : (
          <Button size="sm" busy={busy} onClick={retry}>
            Try again
          </Button>
        )
      }
    >
      <p>{message}</p>
      {remedy === null ? null : <p className="mt-1">{remedy}</p>}
    </EmptyState>
  );
}

/** Reads message, remedy and code from an error shaped like tRPC's, else from any error. */
function describe(error: unknown): { message: string; remedy: string | null; forbidden: boolean } {
  const message = error instanceof Error ? error.message : String(error);
  const data: unknown = typeof error === "object" && error !== null && "data" in error ? error.data : null;
  const field = (name: string): string | null => {
    const value: unknown = typeof data === "object" && data !== null && name in data ? Reflect.get(data, name) : null;
    return typeof value === "string" ? value : null;
  };
  return { message, remedy: field("remedy"), forbidden: field("code") === "FORBIDDEN" };
}
