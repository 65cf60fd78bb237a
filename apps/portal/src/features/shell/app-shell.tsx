"use client";

import { NuqsAdapter } from "nuqs/adapters/next/app";
import { type ReactNode, useState } from "react";
import { type Profile, ProfileProvider } from "@/features/profile/index.ts";
import { CommandPalette } from "@/features/search/index.ts";
import { TrpcProvider } from "@/trpc/client.tsx";
import { LiveProvider, useLive } from "@/trpc/live.tsx";
import { ThemeProvider } from "@/ui/theme.tsx";
import { TimeProvider } from "@/ui/time.tsx";
import { Toaster } from "@/ui/toaster.tsx";
import { TooltipProvider } from "@/ui/tooltip.tsx";
import { ShortcutsSheet } from "./components/shortcuts-sheet.tsx";
import { BottomNav, SideNav } from "./components/side-nav.tsx";
import { TopBar } from "./components/top-bar.tsx";
import { WorkerBanner } from "./components/worker-banner.tsx";
import { useShortcuts } from "./use-shortcuts.ts";

interface AppShellProps {
  readonly profile: Profile;
  readonly nonce: string | undefined;
  /** Milliseconds: the server's clock at rendering. */
  readonly renderedAt: number;
  readonly children: ReactNode;
}

/** Everything around a page: providers, navigation, search, live connection. */
export function AppShell({ profile, nonce, renderedAt, children }: AppShellProps) {
  return (
    <ThemeProvider nonce={nonce}>
      <TrpcProvider>
        <NuqsAdapter>
          <LiveProvider>
            <ProfileProvider profile={profile}>
              <FreezableTime zone={profile.timeZone} renderedAt={renderedAt}>
                <TooltipProvider delay={250}>
                  <Frame>{children}</Frame>
                  <Toaster />
                </TooltipProvider>
              </FreezableTime>
            </ProfileProvider>
          </LiveProvider>
        </NuqsAdapter>
      </TrpcProvider>
    </ThemeProvider>
  );
}

function FreezableTime({
  zone,
  renderedAt,
  children,
}: {
  readonly zone: string;
  readonly renderedAt: number;
  readonly children: ReactNode;
}) {
  const { lostAt } = useLive();
  return (
    <TimeProvider zone={zone} renderedAt={renderedAt} frozenAt={lostAt?.getTime() ?? null}>
      {children}
    </TimeProvider>
  );
}

function Frame({ children }: { readonly children: ReactNode }) {
  const [paletteOpen, setPaletteOpen] = useState(false);
  const [shortcutsOpen, setShortcutsOpen] = useState(false);
  useShortcuts({ openPalette: () => setPaletteOpen(true), openShortcuts: () => setShortcutsOpen(true) });
  return (
    <div className="flex min-h-dvh">
      <a
        href="#content"
        className="sr-only z-60 rounded-md bg-accent px-3 py-2 text-accent-fg focus:not-sr-only focus:fixed focus:top-2 focus:left-2"
      >
        Skip to content
      </a>
      <SideNav />
      <div className="flex min-w-0 flex-1 flex-col">
        <TopBar onSearch={() => setPaletteOpen(true)} onShortcuts={() => setShortcutsOpen(true)} />
        <WorkerBanner />
        <main id="content" tabIndex={-1} className="min-w-0 flex-1 pb-16 outline-none md:pb-0">
          {children}
        </main>
      </div>
      <BottomNav />
      <CommandPalette open={paletteOpen} onOpenChange={setPaletteOpen} onShowShortcuts={() => setShortcutsOpen(true)} />
      <ShortcutsSheet open={shortcutsOpen} onOpenChange={setShortcutsOpen} />
    </div>
  );
}
