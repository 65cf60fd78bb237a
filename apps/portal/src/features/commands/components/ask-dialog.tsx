"use client";

import { commandLine, type CommandRequest } from "@nova/pipeline-core/orchestration";
import Link from "next/link";
import { type ReactNode, useState } from "react";
import { paths } from "@/features/navigation/index.ts";
import { Banner } from "@/ui/banner.tsx";
import { Button } from "@/ui/button.tsx";
import { CopyButton } from "@/ui/copy-button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { toast } from "@/ui/toaster.tsx";
import { sentence } from "../sentence.ts";
import { undoOf } from "../undo-of.ts";
import { useAsk } from "../use-ask.ts";
import { UndoButton } from "./undo-button.tsx";

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
  /** The command that takes this one back, where that needs to know how things were before. */
  readonly undo?: CommandRequest | undefined;
}

/** Says what will happen, asks for it, and follows it until the worker has done or refused it. */
export function AskDialog(props: AskDialogProps) {
  return (
    <Dialog open={props.open} onOpenChange={props.onOpenChange} title={props.title}>
      <AskBody {...props} />
    </Dialog>
  );
}

function AskBody({ onOpenChange, request, kind, children, confirm, danger = false, undo }: AskDialogProps) {
  // As it was when the button was pressed: what is shown may have moved on by the time it is done.
  const [back, setBack] = useState<CommandRequest | null>(null);
  const ask = useAsk(kind, ({ message, runId }) => {
    const told = sentence(message);
    // What began another run is taken back there.
    if (back !== null && (runId === null || runId === request?.target)) {
      const toastId = ask.key;
      toast.success(told, { id: toastId, action: <UndoButton request={back} toastId={toastId} told={told} /> });
      onOpenChange(false);
      return;
    }
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
    toast.success(told, { action: view });
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
            setBack(undo ?? undoOf(request));
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
