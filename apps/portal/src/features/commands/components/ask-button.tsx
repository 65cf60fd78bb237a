"use client";

import { COMMAND_ACTION, type CommandKind, type CommandRequest } from "@nova/pipeline-core/orchestration";
import { type ReactNode, useState } from "react";
import { useMay } from "@/features/profile/index.ts";
import { Button } from "@/ui/button.tsx";
import { AskDialog } from "./ask-dialog.tsx";

/** `request` null: something must be chosen in the dialog first; then `kind` says what it will be. */
type Asked =
  | { readonly request: CommandRequest; readonly kind?: undefined }
  | { readonly request: CommandRequest | null; readonly kind: CommandKind };

type AskButtonProps = Asked & {
  readonly label: ReactNode;
  readonly title: string;
  /** What it will do. */
  readonly children: ReactNode;
  readonly confirm: string;
  readonly danger?: boolean;
  /** The button itself warns too; by default when the command is dangerous. */
  readonly dangerButton?: boolean;
  readonly size?: "sm" | "md";
  readonly disabledReason?: string | null;
  readonly undo?: CommandRequest | undefined;
};

const kindOf = ({ kind, request }: Asked): CommandKind => kind ?? request.kind;

/** A button for one command, with a dialog that says what will happen. Who may not press it sees why. */
export function AskButton(props: AskButtonProps) {
  const { label, danger = false, dangerButton = danger, size = "sm", disabledReason = null } = props;
  const [opened, setOpened] = useState<AskButtonProps | null>(null);
  const allowed = useMay(COMMAND_ACTION[kindOf(props)]);
  // A button that meanwhile asks for the opposite, as what was asked for is done, must not turn the open dialog into that.
  const asked = opened === null || kindOf(opened) === kindOf(props) ? props : opened;
  return (
    <>
      <Button
        size={size}
        kind={dangerButton ? "danger" : "secondary"}
        disabledReason={allowed ? disabledReason : "Only data and platform engineers may do this."}
        onClick={() => setOpened(props)}
      >
        {label}
      </Button>
      <AskDialog
        open={opened !== null}
        onOpenChange={(open) => setOpened(open ? props : null)}
        request={asked.request}
        kind={kindOf(asked)}
        title={asked.title}
        confirm={asked.confirm}
        danger={asked.danger ?? false}
        undo={asked.undo}
      >
        {asked.children}
      </AskDialog>
    </>
  );
}
