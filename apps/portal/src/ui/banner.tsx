import type { ReactNode } from "react";
import { CircleX, Info, TriangleAlert } from "lucide-react";
import { cx } from "./class-names.ts";
import { TONE_SOFT } from "./tone.ts";

const ICON = { bad: CircleX, warn: TriangleAlert, info: Info } as const;

interface BannerProps {
  readonly tone: "bad" | "warn" | "info";
  readonly title: ReactNode;
  readonly children?: ReactNode;
}

/** Something a reader must know before the page: what, since when, what happens by itself, what to do. */
export function Banner({ tone, title, children }: BannerProps) {
  const Icon = ICON[tone];
  return (
    <div
      role={tone === "bad" ? "alert" : "status"}
      className={cx("flex gap-3 rounded-lg px-4 py-3 text-sm", TONE_SOFT[tone])}
    >
      <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
      <div className="min-w-0">
        <p className="font-semibold">{title}</p>
        {children === undefined ? null : <div className="mt-0.5 text-fg">{children}</div>}
      </div>
    </div>
  );
}
