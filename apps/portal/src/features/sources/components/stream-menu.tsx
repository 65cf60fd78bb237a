"use client";

import { mayAct, type StreamAction } from "@nova/pipeline-core/connectors";
import type { StreamRow } from "@nova/db/read-models";
import { EllipsisVertical } from "lucide-react";
import { IconButton } from "@/ui/button.tsx";
import { Menu, MenuItem } from "@/ui/menu.tsx";
import { STREAM_ACTION_WORDS } from "../source-words.ts";

const OFFERED = ["pause", "resume", "resync"] as const;

/** What may be done to a stream in the state it is in; nothing when it is just being read. */
export function StreamMenu({
  stream,
  onChoose,
}: {
  readonly stream: Pick<StreamRow, "name" | "state">;
  readonly onChoose: (stream: string, action: StreamAction) => void;
}) {
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
    </Menu>
  );
}
