"use client";

import { Button } from "@/ui/button.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";

export default function RootError({
  error,
  reset,
}: {
  readonly error: Error & { digest?: string };
  readonly reset: () => void;
}) {
  return (
    <main className="flex min-h-dvh items-center justify-center">
      <EmptyState
        kind="broken"
        title="The portal cannot show this now"
        action={<Button onClick={reset}>Try again</Button>}
      >
        Most often the metadata PostgreSQL does not answer. Your data is safe; sources keep their changes.
        {error.digest === undefined ? null : ` The portal's log has the details under ${error.digest}.`}
      </EmptyState>
    </main>
  );
}
