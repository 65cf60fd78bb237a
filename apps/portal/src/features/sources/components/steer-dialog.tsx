"use client";

import { useMutation } from "@tanstack/react-query";
import type { SourceId, AskedAction } from "@nova/pipeline-core/connectors";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { toast } from "@/ui/toaster.tsx";
import { STREAM_ACTION_WORDS } from "../source-words.ts";

export interface Steering {
  readonly source: SourceId;
  /** Null = every table of the source. */
  readonly stream: string | null;
  readonly action: AskedAction;
}

/** Says what an action does and asks for it once more; it is on record as soon as the dialog closes. */
export function SteerDialog({
  steering,
  onClose,
}: {
  readonly steering: Steering | null;
  readonly onClose: () => void;
}) {
  const trpc = useTRPC();
  const outcome = {
    onSuccess: () => {
      toast.success("Asked for", {
        description: "The worker takes it within seconds; the list below the streams shows how far it is.",
      });
      onClose();
    },
    onError: (error: { readonly message: string }) => toast.error("Not asked for", { description: error.message }),
  };
  const steer = useMutation(trpc.sources.steer.mutationOptions(outcome));
  const replay = useMutation(trpc.sources.replay.mutationOptions(outcome));
  if (steering === null || steering.source !== "orders_db") return null;
  const { stream, action } = steering;
  const words = STREAM_ACTION_WORDS[action];
  const confirm = (): void => {
    if (action === "replay") {
      if (stream !== null) replay.mutate({ source: "orders_db", stream });
    } else steer.mutate({ source: "orders_db", stream, action });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={words.ask(stream ?? "every table")}
      size="sm"
    >
      <p className="text-sm text-fg-muted">{words.consequence}</p>
      <div className="mt-4 flex justify-end gap-2">
        <Button kind="ghost" onClick={onClose}>
          Cancel
        </Button>
        <Button kind="primary" busy={steer.isPending || replay.isPending} onClick={confirm}>
          {words.label}
        </Button>
      </div>
    </Dialog>
  );
}
