import { headers } from "next/headers";
import { redirect } from "next/navigation";
import type { ReactNode } from "react";
import { AppShell } from "@/features/shell/index.ts";
import { container } from "@/server/container.ts";
import { currentUser } from "@/server/session.ts";

export default async function PortalLayout({ children }: { readonly children: ReactNode }) {
  const [user, requestHeaders] = await Promise.all([currentUser(), headers()]);
  if (user === null) redirect("/sign-in");
  const { userId: id, name, email, title, role, timeZone } = user;
  return (
    <AppShell
      profile={{ id, name, email, title, role, timeZone }}
      nonce={requestHeaders.get("x-nonce") ?? undefined}
      renderedAt={container().clock.now().getTime()}
    >
      {children}
    </AppShell>
  );
}
