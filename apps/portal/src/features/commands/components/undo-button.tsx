"use client";

import type { CommandRequest } from "@nova/pipeline-core/orchestration";
import { Button } from "@/ui/button.tsx";
import { toast, TOAST_MILLIS } from "@/ui/toaster.tsx";
import { sentence } from "../sentence.ts";
import { useAsk } from "../use-ask.ts";

interface UndoButtonProps {
  /** The command that takes back what the toast tells of. */
  readonly request: CommandRequest;
  readonly toastId: string;
  readonly told: string;
}

/** In a toast: takes back what it tells of. The toast stays until that is done, and says then what was done. */
export function UndoButton({ request, toastId, told }: UndoButtonProps) {
  const ask = useAsk(request.kind, ({ message }) =>
    toast.success(`Undone: ${sentence(message)}`, { id: toastId, action: null, duration: TOAST_MILLIS }),
  );
  const failed = ask.refusal !== null;
  return (
    <span className="ml-auto flex flex-col items-end gap-1">
      {failed ? <span className="text-bad">Not undone: {sentence(ask.refusal)}</span> : null}
      <Button
        size="sm"
        busy={ask.busy}
        onClick={() => {
          toast.success(told, { id: toastId, duration: Number.POSITIVE_INFINITY });
          if (failed) ask.again();
          else ask.send(request);
        }}
      >
        {failed ? "Try again" : "Undo"}
      </Button>
    </span>
  );
}
