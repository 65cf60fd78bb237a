"use client";

import { COMPARED_SOURCES, mayAct, type AskedAction, type SourceId, STEERED } from "@nova/pipeline-core/connectors";
import type { StreamRow } from "@nova/db/read-models";
import { useMutation } from "@tanstack/react-query";
import { EllipsisVertical } from "lucide-react";
import { useTRPC } from "@/trpc/client.tsx";
import { IconButton } from "@/ui/button.tsx";
import { createRowMenu, MenuItem, type RowMenu, RowMenuRoot, RowMenuTrigger } from "@/ui/menu.tsx";
import { toast } from "@/ui/toaster.tsx";
import { STREAM_ACTION_WORDS } from "../source-words.ts";

const COMPARISONS = [
  { label: "Compare with the dataset", repair: false },
  { label: "Compare and repair", repair: true },
] as const;
const OFFERED = ["pause", "resume", "resync"] as const;

type Steerable = Pick<StreamRow, "name" | "state">;
export type StreamMenu = RowMenu<Steerable>;
export const createStreamMenu = createRowMenu<Steerable>;

const offeredFor = (source: SourceId, stream: Steerable) =>
  OFFERED.filter((action) => STEERED[source].includes(action) && mayAct(stream.state, action));

interface SteeredBy {
  readonly menu: StreamMenu;
  readonly source: SourceId;
}

/** Opens what may be done to a stream; nothing when it is just being read. */
export function StreamMenuTrigger({ menu, source, stream }: SteeredBy & { readonly stream: Steerable }) {
  if (offeredFor(source, stream).length === 0) return null;
  return (
    <RowMenuTrigger
      menu={menu}
      row={stream}
      trigger={
        <IconButton label={`Steer ${stream.name}`} icon={<EllipsisVertical aria-hidden />} size="sm" tooltip={false} />
      }
    />
  );
}

/** What may be done to a stream in the state it is in. */
export function StreamMenuRoot({
  menu,
  source,
  onChoose,
}: SteeredBy & {
  readonly onChoose: (stream: string, action: AskedAction) => void;
}) {
  const trpc = useTRPC();
  const compared = COMPARED_SOURCES.find((each) => each === source);
  const compare = useMutation(
    trpc.sources.compare.mutationOptions({
      onSuccess: () => toast.success("Asked for", { description: "The list of comparisons shows what it finds." }),
      onError: (error) => toast.error("Not asked for", { description: error.message }),
    }),
  );
  return (
    <RowMenuRoot menu={menu}>
      {(stream) => (
        <>
          {offeredFor(source, stream).map((action) => (
            <MenuItem key={action} onClick={() => onChoose(stream.name, action)}>
              {STREAM_ACTION_WORDS[action].label}
            </MenuItem>
          ))}
          {stream.state === "streaming" && compared !== undefined
            ? COMPARISONS.map(({ label, repair }) => (
                <MenuItem key={label} onClick={() => compare.mutate({ source: compared, stream: stream.name, repair })}>
                  {label}
                </MenuItem>
              ))
            : null}
        </>
      )}
    </RowMenuRoot>
  );
}
