import { CircleCheck, CircleDashed, CircleX, Info, type LucideIcon, TriangleAlert } from "lucide-react";
import { cx } from "./class-names.ts";
import { type Tone, TONE_SOFT, TONE_TEXT } from "./tone.ts";

const ICON: Record<Tone, LucideIcon> = {
  ok: CircleCheck,
  warn: TriangleAlert,
  bad: CircleX,
  info: Info,
  idle: CircleDashed,
};

interface StatusProps {
  readonly tone: Tone;
  readonly label: string;
  readonly icon?: LucideIcon;
  /** For work under way: the icon turns. */
  readonly spinning?: boolean;
}

/** A state as icon + word + colour. */
export function StatusPill({ tone, label, icon, spinning = false }: StatusProps) {
  const Icon = icon ?? ICON[tone];
  return (
    <span
      className={cx(
        "inline-flex h-5 items-center gap-1 rounded-full px-2 text-2xs font-medium whitespace-nowrap",
        TONE_SOFT[tone],
      )}
    >
      <Icon aria-hidden className={cx("size-3 shrink-0", spinning && "animate-spin")} />
      {label}
    </span>
  );
}

/** The same without a ground, for dense tables. */
export function StatusText({ tone, label, icon, spinning = false }: StatusProps) {
  const Icon = icon ?? ICON[tone];
  return (
    <span className={cx("inline-flex items-center gap-1.5 whitespace-nowrap", TONE_TEXT[tone])}>
      <Icon aria-hidden className={cx("size-3.5 shrink-0", spinning && "animate-spin")} />
      {label}
    </span>
  );
}

/** A word in a box: a layer, a tag, a type. */
export function Badge({
  children,
  tone = "idle",
  mono = false,
}: {
  readonly children: string;
  readonly tone?: Tone;
  readonly mono?: boolean;
}) {
  return (
    <span
      className={cx(
        "inline-flex h-5 items-center rounded-sm px-1.5 text-2xs font-medium whitespace-nowrap",
        TONE_SOFT[tone],
        mono && "font-mono",
      )}
    >
      {children}
    </span>
  );
}
