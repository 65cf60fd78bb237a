"use client";

import { useMutation } from "@tanstack/react-query";
import { type DriftChoice, choiceText, driftText, mapTargets } from "@nova/pipeline-core/connectors";
import type { DriftRow } from "@nova/db/read-models";
import { useState } from "react";
import { useTRPC } from "@/trpc/client.tsx";
import { Button } from "@/ui/button.tsx";
import { CodeBlock } from "@/ui/code-block.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Select } from "@/ui/select.tsx";
import { toast } from "@/ui/toaster.tsx";
import { CHOICE_LABEL } from "../drift-words.ts";
import { AffectedList } from "./affected-list.tsx";

interface SettleProps {
  readonly item: DriftRow;
  readonly choice: DriftChoice;
  readonly onClose: () => void;
}

/** Says what a choice does, to what, and asks for it once more. */
export function SettleDialog({ item, choice, onClose }: SettleProps) {
  const trpc = useTRPC();
  const targets = mapTargets(
    { columns: item.columns.map((column) => ({ ...column, ...UNSAID })), key: item.key },
    item.change,
  ).map((column) => column.name);
  const [chosen, setChosen] = useState(targets[0] ?? "");
  const target = choice === "map" ? chosen : null;
  const settle = useMutation(
    trpc.drift.settle.mutationOptions({
      onSuccess: ({ asked }) => {
        toast.success("Settled", {
          description:
            asked === null
              ? "The next load of the dataset does as decided."
              : "The next load does as decided, and the table is read again: the source's page shows how far it is.",
        });
        onClose();
      },
      onError: (error) => toast.error("Not settled", { description: error.message }),
    }),
  );
  return (
    <Dialog
      open
      onOpenChange={(open) => (open ? undefined : onClose())}
      title={`${CHOICE_LABEL[choice]}: ${item.stream}`}
      description={`In ${item.stream} of ${item.source}, ${driftText(item.change)}.`}
    >
      <div className="flex flex-col gap-4">
        {choice === "map" ? (
          <div className="flex flex-wrap items-center gap-2 text-sm">
            <span>
              <span className="font-mono text-xs">{item.change.column}</span> goes on as
            </span>
            <Select
              label="Column that continues it"
              value={chosen}
              choices={targets.map((name) => ({ value: name, label: name }))}
              onChange={setChosen}
            />
          </div>
        ) : null}
        <p className="text-sm">{choiceText(item, choice, target)}</p>
        <AffectedList item={item} />
        <CodeBlock
          label="The same on the command line"
          what="the command"
          text={`npm run nova -- drift ${choice} ${item.id}${target === null ? "" : ` ${target}`}`}
        />
        <div className="flex justify-end gap-2">
          <Button kind="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button
            kind="primary"
            busy={settle.isPending}
            onClick={() => settle.mutate({ item: item.id, choice, target })}
          >
            {CHOICE_LABEL[choice]}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

/** What choosing a column does not look at. */
const UNSAID = { type: "string", nullable: true, description: "", pii: "none" } as const;
