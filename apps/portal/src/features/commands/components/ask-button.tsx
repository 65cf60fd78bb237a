"use client";

import { COMMAND_ACTION, type CommandRequest } from "@nova/pipeline-core/orchestration";
import { type ReactNode, useState } from "react";
import { useMay } from "@/features/profile/index.ts";
import { Button } from "@/ui/button.tsx";
import { AskDialog } from "./ask-dialog.tsx";

interface AskButtonProps {
  readonly request: CommandRequest;
  readonly label: ReactNode;
  readonly title: string;
  /** What it will do. */
  readonly children: ReactNode;
  readonly confirm: string;
  readonly danger?: boolean;
  readonly disabledReason?: string | null;
}

/** A button for one command, with a dialog that says what will happen. Who may not press it sees why. */
export function AskButton({
  request,
  label,
  title,
  children,
  confirm,
  danger = false,
  disabledReason = null,
}: AskButtonProps) {
  const [open, setOpen] = useState(false);
  const allowed = useMay(COMMAND_ACTION[request.kind]);
  return (
    <>
      <Button
        size="sm"
        kind={danger ? "danger" : "secondary"}
        disabledReason={allowed ? disabledReason : "Only data and platform engineers may do this."}
        onClick={() => setOpen(true)}
      >
        {label}
      </Button>
      <AskDialog
        open={open}
        onOpenChange={setOpen}
        request={request}
        kind={request.kind}
        title={title}
        confirm={confirm}
        danger={danger}
      >
        {children}
      </AskDialog>
    </>
  );
}
