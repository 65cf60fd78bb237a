"use client";

import { commandLine, type CommandRequest } from "@nova/pipeline-core/orchestration";
import Link from "next/link";
import type { ReactNode } from "react";
import { paths } from "@/features/navigation/index.ts";
import { Banner } from "@/ui/banner.tsx";
import { Button } from "@/ui/button.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { toast } from "@/ui/toaster.tsx";
import { useAsk } from "../use-ask.ts";

export interface AskDialogProps {
  readonly open: boolean;
  readonly onOpenChange: (open: boolean) => void;
  /** Null: something must be chosen first. */
  readonly request: CommandRequest | null;
  readonly kind: CommandRequest["kind"];
  readonly title: string;
  /** What pressing the button will do, in full. */
  readonly children: ReactNode;
  readonly confirm: string;
  readonly danger?: boolean;
}

/** Says what will happen, asks for it, and follows it until the worker has done or refused it. */
export function AskDialog(props: AskDialogProps) {
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={props.title}>
      <AskBody {...props} />
    </Dialog>
  );
}

function AskBody({ onOpenChange, request, kind, children, confirm, danger = false }: AskDialogProps) {
  const ask = useAsk(kind, ({ message, runId }) => {
    const place =
      runId !== null
        ? { href: paths.run(runId), label: "View run" }
        : request?.kind === "submit-backfill"
          ? { href: paths.backfill(request.target), label: "View backfill" }
          : null;
    const view =
      place === null ? undefined : (
        <Link href={place.href} className="ml-auto font-medium underline">
          {place.label}
        </Link>
      );
    toast.success(sentence(message), { action: view });
    onOpenChange(false);
  });
  return (
    <div className="flex flex-col gap-4 text-sm">
      {children}
      {request === null ? null : (
        <div className="rounded-md border border-line bg-sunken px-3 py-2 text-xs">
          <p className="flex items-center justify-between gap-2">
            <span className="min-w-0 font-mono break-all">{commandLine(request)}</span>
            <CopyButton text={commandLine(request)} what="as CLI" />
          </p>
          <p className="mt-1 text-fg-muted">
            Pressing twice is one command: idempotency key <span className="font-mono break-all">{ask.key}</span>
          </p>
        </div>
      )}
      {ask.refusal === null ? null : (
        <Banner tone="bad" title="It was not done">
          {sentence(ask.refusal)}
        </Banner>
      )}
      <div className="flex justify-end gap-2">
        <Button onClick={() => onOpenChange(false)}>Close</Button>
        <Button
          kind={danger ? "danger" : "primary"}
          busy={ask.busy}
          disabledReason={request === null ? "Choose first." : null}
          onClick={() => {
            if (request === null) return;
            if (ask.refusal !== null) ask.again();
            else ask.send(request);
          }}
        >
          {ask.refusal === null ? confirm : "Try again"}
        </Button>
      </div>
    </div>
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}
