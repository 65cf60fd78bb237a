"use client";

import { PageBody } from "@/ui/page-header.tsx";
import { ErrorRegion } from "@/ui/query-region.tsx";

export default function PortalError({ error, reset }: { readonly error: Error; readonly reset: () => void }) {
  return (
    <PageBody>
      <ErrorRegion what="this page" error={error} retry={reset} />
    </PageBody>
  );
}
