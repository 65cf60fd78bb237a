import Link from "next/link";
import type { ReactNode } from "react";

interface PageHeaderProps {
  readonly title: ReactNode;
  /** One line under the title. */
  readonly lead?: ReactNode;
  /** The list that the page belongs to, as a way back above the title. */
  readonly up?: { readonly href: string; readonly label: string };
  readonly actions?: ReactNode;
}

/** The head of every page: exactly one h1. */
export function PageHeader({ title, lead, up, actions }: PageHeaderProps) {
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        {up === undefined ? null : (
          <div className="mb-1 text-xs text-fg-muted">
            <Link href={up.href} className="hover:text-fg hover:underline">
              {up.label}
            </Link>
          </div>
        )}
        <h1 className="flex flex-wrap items-center gap-2 text-xl font-semibold tracking-tight">{title}</h1>
        {lead === undefined ? null : <div className="mt-1 text-sm text-fg-muted">{lead}</div>}
      </div>
      {actions === undefined ? null : <div className="flex flex-wrap items-center gap-2">{actions}</div>}
    </header>
  );
}

/** The frame of a page's content: width, padding and rhythm. */
export function PageBody({ children }: { readonly children: ReactNode }) {
  return <div className="mx-auto flex w-full max-w-[1520px] flex-col gap-5 px-4 py-5 md:px-6 md:py-6">{children}</div>;
}
