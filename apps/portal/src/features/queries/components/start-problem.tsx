"use client";

import { Banner } from "@/ui/banner.tsx";
import { Button } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";

interface StartProblemProps {
  readonly error: unknown;
  readonly onRunAgain: () => void;
}

/** The query was not taken: the worker is away or full, or the text was refused at the door. */
export function StartProblem({ error, onRunAgain }: StartProblemProps) {
  const message = error instanceof Error ? error.message : String(error);
  const { kind, remedy } = factsOf(error);
  if (kind === "overloaded" || kind === null)
    return (
      <EmptyState
        kind="broken"
        title="The query was not taken"
        action={
          <Button size="sm" onClick={onRunAgain}>
            Try again
          </Button>
        }
      >
        {message} Your text is safe in the editor; nothing has run.
      </EmptyState>
    );
  return (
    <div className="p-4">
      <Banner tone="bad" title={remedy ?? "The query was refused"}>
        {message}
      </Banner>
    </div>
  );
}

function factsOf(error: unknown): { kind: string | null; remedy: string | null } {
  const data: unknown = typeof error === "object" && error !== null && "data" in error ? error.data : null;
  const field = (name: string): string | null => {
    const value: unknown = typeof data === "object" && data !== null && name in data ? Reflect.get(data, name) : null;
    return typeof value === "string" ? value : null;
  };
  return { kind: field("kind"), remedy: field("remedy") };
}
