"use client";

import { Keyboard, Search } from "lucide-react";
import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { ProfileMenu } from "@/features/profile/index.ts";
import { IconButton } from "@/ui/button.tsx";
import { Kbd } from "@/ui/kbd.tsx";
import { LiveIndicator } from "./live-indicator.tsx";
import { Mark } from "./side-nav.tsx";

interface TopBarProps {
  readonly onSearch: () => void;
  readonly onShortcuts: () => void;
}

export function TopBar({ onSearch, onShortcuts }: TopBarProps) {
  return (
    <header className="sticky top-0 z-30 flex h-13 items-center gap-2 border-b border-line bg-surface px-4 md:gap-3 md:px-6">
      <Link href={paths.home} aria-label="Home" className="flex size-8 items-center justify-center md:hidden">
        <Mark />
      </Link>
      <button
        type="button"
        onClick={onSearch}
        aria-keyshortcuts="Meta+K Control+K"
        className="flex h-8 min-w-0 flex-1 items-center gap-2 rounded-md border border-line bg-sunken px-2.5 text-sm text-fg-subtle hover:border-line-strong md:max-w-md"
      >
        <Search aria-hidden className="size-4 shrink-0" />
        <span className="truncate">
          Search<span className="sr-only"> datasets, columns, streams and runs</span>
        </span>
        <span aria-hidden className="ml-auto hidden gap-1 sm:flex">
          <Kbd>⌘</Kbd>
          <Kbd>K</Kbd>
        </span>
      </button>
      <div className="ml-auto flex items-center gap-1.5">
        <LiveIndicator />
        <span className="hidden md:block">
          <IconButton label="Keyboard shortcuts (?)" icon={<Keyboard aria-hidden />} onClick={onShortcuts} />
        </span>
        <ProfileMenu />
      </div>
    </header>
  );
}
