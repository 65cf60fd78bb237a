"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Command } from "cmdk";
import { Activity, Columns3, Database, Keyboard, LogOut, type LucideIcon, Waves } from "lucide-react";
import { useRouter } from "next/navigation";
import { type ReactNode, useEffect, useState } from "react";
import { paths, PLACES } from "@/features/navigation/index.ts";
import { leave, THEME_CHOICES } from "@/features/profile/index.ts";
import { useTRPC } from "@/trpc/client.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Kbd } from "@/ui/kbd.tsx";
import { useThemeChoice } from "@/ui/theme.tsx";
import type { SearchHit, SearchKind } from "@nova/db/read-models";

interface CommandPaletteProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  readonly onShowShortcuts: () => void;
}

/** ⌘K: go anywhere, find datasets, columns, streams and runs by any part of their name, act. */
export function CommandPalette(props: CommandPaletteProps) {
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title="Search and commands" hideTitle>
      <Palette {...props} />
    </Dialog>
  );
}

const GROUPS: Record<SearchKind, { heading: string; icon: LucideIcon; href: (hit: SearchHit) => string }> = {
  dataset: { heading: "Datasets", icon: Database, href: (hit) => paths.dataset(hit.id) },
  column: { heading: "Columns", icon: Columns3, href: (hit) => paths.column(hit.id, hit.name) },
  stream: { heading: "Streams", icon: Waves, href: (hit) => paths.stream(hit.id, hit.name) },
  run: { heading: "Runs", icon: Activity, href: (hit) => paths.run(hit.id) },
};
const KINDS = ["dataset", "column", "stream", "run"] as const satisfies readonly SearchKind[];

function Palette({ onOpenChange, onShowShortcuts }: CommandPaletteProps) {
  const router = useRouter();
  const trpc = useTRPC();
  const { setTheme } = useThemeChoice();
  const [text, setText] = useState("");
  const asked = useDebounced(text.trim(), 100);
  const hits = useQuery(
    trpc.search.all.queryOptions(
      { text: asked === "" ? " " : asked },
      { enabled: asked !== "", placeholderData: keepPreviousData },
    ),
  );
  const found = asked === "" ? [] : (hits.data ?? []);

  function run(action: () => void): void {
    onOpenChange(false);
    action();
  }
  const matches = (label: string): boolean => label.toLowerCase().includes(text.trim().toLowerCase());
  const places = PLACES.filter((place) => matches(place.label));
  const themes = THEME_CHOICES.filter((choice) => matches(`${choice.label} theme`));
  const actions = [
    { label: "Keyboard shortcuts", icon: <Keyboard aria-hidden />, act: onShowShortcuts },
    { label: "Sign out", icon: <LogOut aria-hidden />, act: leave },
  ].filter((action) => matches(action.label));
  // In the order of the list. What is found comes late: when what was marked has gone, Enter takes the first.
  const values = [
    ...KINDS.flatMap((kind) => found.filter((hit) => hit.kind === kind).map(hitValue)),
    ...places.map(({ href }) => `go:${href}`),
    ...actions.map(({ label }) => `do:${label}`),
    ...themes.map(({ value }) => `theme:${value}`),
  ];
  const [marked, setMarked] = useState("");
  const nothing = values.length === 0;

  return (
    <Command
      label="Search and commands"
      shouldFilter={false}
      loop
      value={values.includes(marked) ? marked : (values[0] ?? "")}
      onValueChange={setMarked}
      className="flex max-h-[70vh] flex-col"
    >
      <Command.Input
        autoFocus
        value={text}
        onValueChange={setText}
        placeholder="Search datasets, columns, streams, runs…"
        className="h-12 shrink-0 border-b border-line bg-transparent px-4 text-base outline-none placeholder:text-fg-subtle"
      />
      <Command.List
        label="Results"
        className="min-h-0 overflow-auto p-1.5 [&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-2xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-fg-subtle"
      >
        {KINDS.map((kind) => {
          const group = found.filter((hit) => hit.kind === kind);
          const { heading, icon: Icon, href } = GROUPS[kind];
          return group.length === 0 ? null : (
            <Command.Group key={kind} heading={heading}>
              {group.map((hit) => (
                <Item
                  key={`${hit.id}:${hit.name}`}
                  value={hitValue(hit)}
                  icon={<Icon aria-hidden />}
                  onSelect={() => run(() => router.push(href(hit)))}
                >
                  <span className="shrink-0 font-mono text-xs">
                    <Marked text={hit.name} part={asked} />
                  </span>
                  <span className="min-w-0 truncate text-xs text-fg-muted">{hit.detail}</span>
                </Item>
              ))}
            </Command.Group>
          );
        })}
        {places.length === 0 ? null : (
          <Command.Group heading="Go to">
            {places.map(({ label, href, icon: Icon, key }) => (
              <Item
                key={href}
                value={`go:${href}`}
                icon={<Icon aria-hidden />}
                onSelect={() => run(() => router.push(href))}
              >
                <span className="flex-1">{label}</span>
                <span className="flex gap-1">
                  <Kbd>g</Kbd>
                  <Kbd>{key}</Kbd>
                </span>
              </Item>
            ))}
          </Command.Group>
        )}
        {actions.length === 0 ? null : (
          <Command.Group heading="Actions">
            {actions.map(({ label, icon, act }) => (
              <Item key={label} value={`do:${label}`} icon={icon} onSelect={() => run(act)}>
                {label}
              </Item>
            ))}
          </Command.Group>
        )}
        {themes.length === 0 ? null : (
          <Command.Group heading="Theme">
            {themes.map(({ value, label, icon }) => (
              <Item key={value} value={`theme:${value}`} icon={icon} onSelect={() => run(() => setTheme(value))}>
                {label}
              </Item>
            ))}
          </Command.Group>
        )}
        {nothing && !hits.isFetching ? (
          <p className="px-4 py-8 text-center text-sm text-fg-muted">Nothing has “{text}” in its name.</p>
        ) : null}
      </Command.List>
      <p aria-live="polite" className="sr-only">
        {asked === "" ? "" : `${found.length} found`}
      </p>
    </Command>
  );
}

function hitValue({ kind, id, name }: SearchHit): string {
  return `${kind}:${id}:${name}`;
}

function Item({
  value,
  icon,
  onSelect,
  children,
}: {
  readonly value: string;
  readonly icon: ReactNode;
  readonly onSelect: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Command.Item
      value={value}
      onSelect={onSelect}
      className="flex min-h-9 items-center gap-2.5 rounded-md px-2.5 text-sm data-[selected=true]:bg-hover [&>svg]:size-4 [&>svg]:shrink-0 [&>svg]:text-fg-subtle"
    >
      {icon}
      {children}
    </Command.Item>
  );
}

/** The part that matched stands out. */
function Marked({ text, part }: { readonly text: string; readonly part: string }) {
  const start = part === "" ? -1 : text.toLowerCase().indexOf(part.toLowerCase());
  if (start < 0) return <>{text}</>;
  return (
    <>
      {text.slice(0, start)}
      <mark className="rounded-[2px] bg-accent-soft text-accent-text">{text.slice(start, start + part.length)}</mark>
      {text.slice(start + part.length)}
    </>
  );
}

function useDebounced(value: string, millis: number): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), millis);
    return () => clearTimeout(timer);
  }, [value, millis]);
  return settled;
}
