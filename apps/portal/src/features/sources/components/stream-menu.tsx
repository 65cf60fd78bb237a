"use client";

import { mayAct, type AskedAction } from "@nova/pipeline-core/connectors";
import type { StreamRow } from "@nova/db/read-models";
import { useMutation } from "@tanstack/react-query";
import { EllipsisVertical } from "lucide-react";
import { useTRPC } from "@/trpc/client.tsx";
import { IconButton } from "@/ui/button.tsx";
import { Menu, MenuItem } from "@/ui/menu.tsx";
import { toast } from "@/ui/toaster.tsx";
import { STREAM_ACTION_WORDS } from "../source-words.ts";

const COMPARISONS = [
  { label: "Compare with the dataset", repair: false },
  { label: "Compare and repair", repair: true },
] as const;
const OFFERED = ["pause", "resume", "resync"] as const;

/** What may be done to a stream in the state it is in; nothing when it is just being read. */
export function StreamMenu({
  stream,
  onChoose,
}: {
  readonly stream: Pick<StreamRow, "name" | "state">;
  readonly onChoose: (stream: string, action: AskedAction) => void;
}) {
  const trpc = useTRPC();
  const compare = useMutation(
    trpc.sources.compare.mutationOptions({
      onSuccess: () => toast.success("Asked for", { description: "The list of comparisons shows what it finds." }),
      onError: (error) => toast.error("Not asked for", { description: error.message }),
    }),
  );
  const actions = OFFERED.filter((action) => mayAct(stream.state, action));
  if (actions.length === 0) return null;
  return (
    <Menu
      trigger={
        <IconButton label={`Steer ${stream.name}`} icon={<EllipsisVertical aria-hidden />} size="sm" tooltip={false} />
      }
    >
      {actions.map((action) => (
        <MenuItem key={action} onClick={() => onChoose(stream.name, action)}>
          {STREAM_ACTION_WORDS[action].label}
        </MenuItem>
      ))}
      {stream.state === "streaming"
        ? COMPARISONS.map(({ label, repair }) => (
            <MenuItem key={label} onClick={() => compare.mutate({ source: "orders_db", stream: stream.name, repair })}>
              {label}
            </MenuItem>
          ))
        : null}
    </Menu>
  );
}
