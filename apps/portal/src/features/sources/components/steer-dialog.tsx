"use client";

import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { SourceId, AskedAction } from "@nova/pipeline-core/connectors";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Input } from "@/ui/input.tsx";
import { toast } from "@/ui/toaster.tsx";
import { keyRange } from "../key-range.ts";
import { actionWords } from "../source-words.ts";

export interface Steering {
  readonly source: SourceId;
  /** Null = every table of the source; of a replay: what no stream is known of. */
  readonly stream: string | null;
  readonly action: AskedAction;
  /** Of a replay: just what was refused in these words. */
  readonly why?: string | null;
}

/** Says what an action does and asks for it once more; it is on record as soon as the dialog closes. */
export function SteerDialog({
  steering,
  onClose,
}: {
  readonly steering: Steering | null;
  readonly onClose: () => void;
}) {
  // What was typed for one stream is not for the next.
  return steering === null ? null : (
    <OpenDialog
      key={`${steering.stream} ${steering.action} ${steering.why ?? ""}`}
      steering={steering}
      onClose={onClose}
    />
  );
}

function OpenDialog({ steering, onClose }: { readonly steering: Steering; readonly onClose: () => void }) {
  const [{ from, through }, setKeys] = useState({ from: "", through: "" });
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
  const { source, stream, action, why = null } = steering;
  const words = actionWords(steering);
  const byRange = action === "resync" && source === "orders_db" && stream !== null;
  const range = byRange ? keyRange(from, through) : null;
  const confirm = (): void => {
    if (action === "replay") replay.mutate({ source, stream, why });
    else steer.mutate({ source, stream, action, ...(range === null ? {} : { range }) });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={words.ask(stream ?? (action === "replay" ? "events of no known stream" : "every table"))}
      size="sm"
    >
      <p className="text-sm text-fg-muted">{words.consequence}</p>
      {why === null ? null : (
        <p className="mt-2 text-sm">
          Only what was refused for <span className="font-mono text-xs break-words">{why}</span>
        </p>
      )}
      {byRange ? (
        <fieldset className="mt-3">
          <legend className="text-sm">Only some rows, by their key (optional)</legend>
          <div className="mt-1 grid grid-cols-2 gap-2">
            <Input
              aria-label="First key"
              placeholder="first key"
              value={from}
              onChange={({ target }) => setKeys({ from: target.value, through })}
            />
            <Input
              aria-label="Last key"
              placeholder="last key"
              value={through}
              onChange={({ target }) => setKeys({ from, through: target.value })}
            />
          </div>
          <p className="mt-1 text-xs text-fg-muted">Both included; values of a key of several columns with commas.</p>
        </fieldset>
      ) : null}
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
