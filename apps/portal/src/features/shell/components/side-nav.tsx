"use client";

import { Ellipsis } from "lucide-react";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { DriftCount } from "@/features/drift/index.ts";
import { isAt, paths, PLACES } from "@/features/navigation/index.ts";
import { cx } from "@/ui/class-names.ts";
import { Menu, MenuLink } from "@/ui/menu.tsx";

/** The main places at the left; icons only between phone and desktop width. */
export function SideNav() {
  const pathname = usePathname();
  return (
    <aside className="sticky top-0 hidden h-dvh w-14 shrink-0 flex-col border-r border-line bg-surface md:flex lg:w-52">
      <Link
        href={paths.home}
        aria-label="NovaRetail data platform, home"
        className="flex h-13 items-center gap-2.5 border-b border-line px-4 text-sm font-semibold"
      >
        <Mark />
        <span className="hidden lg:inline">NovaRetail Data</span>
      </Link>
      <nav aria-label="Main" className="flex flex-col gap-0.5 p-2">
        {PLACES.map((place) => {
          const here = isAt(place, pathname);
          const Icon = place.icon;
          return (
            <Link
              key={place.href}
              href={place.href}
              aria-current={here ? "page" : undefined}
              title={place.label}
              className={cx(
                "flex h-8 items-center justify-center gap-2.5 rounded-md px-2.5 text-sm font-medium transition-colors lg:justify-start",
                here ? "bg-accent-soft text-accent-text" : "text-fg-muted hover:bg-hover hover:text-fg",
              )}
            >
              <Icon aria-hidden className="size-4 shrink-0" />
              <span className="sr-only lg:not-sr-only">{place.label}</span>
              {place.href === paths.drift ? <DriftCount /> : null}
            </Link>
          );
        })}
      </nav>
    </aside>
  );
}

const PHONE_ITEM = "flex h-14 flex-col items-center justify-center gap-0.5 text-2xs font-medium";

/** The same places at the bottom of a phone: four at hand, the others behind "More". */
export function BottomNav() {
  const pathname = usePathname();
  const behind = PLACES.filter((place) => place.onPhone === undefined);
  const tone = (here: boolean): string => (here ? "text-accent-text" : "text-fg-muted");
  return (
    <nav
      aria-label="Main"
      className="fixed inset-x-0 bottom-0 z-40 grid grid-cols-5 border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] md:hidden"
    >
      {PLACES.filter((place) => place.onPhone === true).map((place) => {
        const here = isAt(place, pathname);
        const Icon = place.icon;
        return (
          <Link
            key={place.href}
            href={place.href}
            aria-current={here ? "page" : undefined}
            className={cx(PHONE_ITEM, tone(here))}
          >
            <Icon aria-hidden className="size-4.5" />
            {place.label}
          </Link>
        );
      })}
      <Menu
        trigger={
          <button type="button" className={cx(PHONE_ITEM, tone(behind.some((place) => isAt(place, pathname))))}>
            <Ellipsis aria-hidden className="size-4.5" />
            More
          </button>
        }
      >
        {behind.map((place) => {
          const Icon = place.icon;
          return (
            <MenuLink
              key={place.href}
              link={<Link href={place.href} aria-current={isAt(place, pathname) ? "page" : undefined} />}
            >
              <Icon aria-hidden />
              <span className="flex-1">{place.label}</span>
              {place.href === paths.drift ? <DriftCount /> : null}
            </MenuLink>
          );
        })}
      </Menu>
    </nav>
  );
}

/** Layers of a lake under a star. */
export function Mark() {
  return (
    <svg
      aria-hidden
      viewBox="0 0 24 24"
      className="size-6 shrink-0 text-accent-text"
      fill="none"
      stroke="currentColor"
      strokeWidth={1.8}
      strokeLinecap="round"
    >
      <path d="M3 14.5c3 2.2 6 2.2 9 0s6-2.2 9 0" />
      <path d="M3 19c3 2.2 6 2.2 9 0s6-2.2 9 0" />
      <path d="M12 2.6l1.5 3.9 3.9 1.5-3.9 1.5L12 13.4l-1.5-3.9L6.6 8l3.9-1.5z" fill="currentColor" stroke="none" />
    </svg>
  );
}
