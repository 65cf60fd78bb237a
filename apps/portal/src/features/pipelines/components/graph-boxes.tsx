"use client";

import { Handle, type Node, type NodeProps, Position, useStore } from "@xyflow/react";
import { ChevronDown, ChevronRight, LoaderCircle } from "lucide-react";
import { createContext, useContext } from "react";
import { cx } from "@/ui/class-names.ts";
import { plural } from "@/ui/format.ts";
import { StatusText } from "@/ui/status-pill.tsx";
import { TONE_FILL, TONE_SOFT } from "@/ui/tone.ts";
import { ACTIVITY_WORDS, CONDITION_WORDS, CONDITIONS, type JudgedNode } from "../judge-node.ts";
import type { GraphGroup } from "../prepare-graph.ts";

interface BoxActions {
  readonly select: (dataset: string) => void;
  readonly toggle: (group: string) => void;
}

/** What pressing a box does; by context, so that boxes stay the same while the page around them changes. */
export const BoxActionsContext = createContext<BoxActions>({ select: () => undefined, toggle: () => undefined });

type GroupNode = Node<{ group: GraphGroup }>;
type DatasetNode = Node<{ name: string; judged: JudgedNode | null; selected: boolean }, "dataset">;

export const NODE_TYPES = { "group-box": GroupBox, "group-frame": GroupFrame, dataset: DatasetBox };

/** Further out than this, words are too small to read: only colour and name remain. */
const FAR = 0.5;
const isFar = ({ transform }: { readonly transform: readonly [number, number, number] }): boolean => transform[2] < FAR;

const HIDDEN_HANDLE = "!pointer-events-none !size-1 !min-w-0 !border-0 !opacity-0";

function Handles() {
  return (
    <>
      <Handle type="target" position={Position.Left} className={HIDDEN_HANDLE} isConnectable={false} />
      <Handle type="source" position={Position.Right} className={HIDDEN_HANDLE} isConnectable={false} />
    </>
  );
}

/** One dataset: its state, what is under way with it, its name. */
function DatasetBox({ data: { name, judged, selected } }: NodeProps<DatasetNode>) {
  const { select } = useContext(BoxActionsContext);
  const far = useStore(isFar);
  const tone = judged === null ? "idle" : CONDITION_WORDS[judged.condition].tone;
  return (
    <>
      <Handles />
      <button
        type="button"
        data-canvas-node={name}
        aria-pressed={selected}
        title={name}
        onClick={() => select(name)}
        className={cx(
          "nopan absolute inset-0 overflow-hidden rounded-lg border border-line-strong text-left",
          far ? TONE_SOFT[tone] : "bg-surface",
          selected && "border-accent shadow-[0_0_0_2px_var(--accent)]",
        )}
      >
        <span aria-hidden className={cx("absolute inset-y-0 left-0", far ? "w-3" : "w-1", TONE_FILL[tone])} />
        {/* The name is said first and stands below the state. */}
        <span className="flex h-full w-full flex-col-reverse justify-center gap-0.5 pr-3 pl-4">
          <span className={cx("truncate font-mono font-medium", far ? "text-lg text-fg" : "text-xs")}>{name}</span>
          <span className={cx("flex items-center justify-between gap-2 text-2xs", far && "sr-only")}>
            {judged === null ? (
              <span className="text-fg-subtle">…</span>
            ) : (
              <StatusText {...CONDITION_WORDS[judged.condition]} />
            )}
            <ActivityMark activity={judged?.activity ?? null} />
          </span>
        </span>
      </button>
    </>
  );
}

function ActivityMark({ activity }: { readonly activity: JudgedNode["activity"] }) {
  if (activity === null) return null;
  return (
    <span className="inline-flex items-center gap-1 text-info">
      <LoaderCircle aria-hidden className={cx("size-3", activity === "running" && "animate-spin")} />
      {ACTIVITY_WORDS[activity]}
    </span>
  );
}

/** A closed group: how many datasets, the worst state of any, and how many are in which. */
function GroupBox({ data: { group } }: NodeProps<GroupNode>) {
  const { toggle } = useContext(BoxActionsContext);
  const tone = group.worst === null ? "idle" : CONDITION_WORDS[group.worst].tone;
  return (
    <>
      <Handles />
      <button
        type="button"
        data-canvas-node={group.id}
        aria-expanded={false}
        onClick={() => toggle(group.name)}
        className="nopan absolute inset-0 flex flex-col justify-center gap-1 overflow-hidden rounded-lg border border-line-strong bg-surface pr-3 pl-4 text-left shadow-[3px_3px_0_var(--line)] hover:bg-hover"
      >
        <span aria-hidden className={cx("absolute inset-y-0 left-0 w-1", TONE_FILL[tone])} />
        <span className="flex items-center gap-1.5">
          <ChevronRight aria-hidden className="size-3.5 shrink-0 text-fg-subtle" />
          <span className="truncate text-sm font-semibold">{group.name}</span>
          <span className="num ml-auto shrink-0 text-2xs text-fg-muted">{sizeText(group)}</span>
        </span>
        <GroupStates group={group} />
      </button>
    </>
  );
}

/** An open group: a frame round its datasets, with the same words at its head. */
function GroupFrame({ data: { group } }: NodeProps<GroupNode>) {
  const { toggle } = useContext(BoxActionsContext);
  return (
    <>
      <Handles />
      <div className="absolute inset-0 rounded-xl border border-line-strong bg-sunken/60">
        <button
          type="button"
          data-canvas-node={group.id}
          aria-expanded
          onClick={() => toggle(group.name)}
          className="nopan flex h-11 w-full items-center gap-2 rounded-t-xl px-3 text-left hover:bg-hover"
        >
          <ChevronDown aria-hidden className="size-3.5 shrink-0 text-fg-subtle" />
          <span className="truncate text-sm font-semibold">{group.name}</span>
          <span className="num shrink-0 text-2xs text-fg-muted">{sizeText(group)}</span>
          <span className="ml-auto">
            <GroupStates group={group} />
          </span>
        </button>
      </div>
    </>
  );
}

function sizeText({ shown, total }: GraphGroup): string {
  return shown.length === total ? plural(total, "dataset") : `${shown.length} of ${plural(total, "dataset")}`;
}

/** The worst first, then as much as fits; good news is one number. */
function GroupStates({ group: { conditions, activities, worst } }: { readonly group: GraphGroup }) {
  if (worst === null) return <span className="text-2xs text-fg-subtle">…</span>;
  const present = CONDITIONS.filter((condition) => conditions[condition] !== undefined).slice(0, 2);
  const running = (activities.running ?? 0) + (activities.retrying ?? 0);
  return (
    <span className="flex items-center gap-3 overflow-hidden text-2xs">
      {present.map((condition) => (
        <StatusText
          key={condition}
          tone={CONDITION_WORDS[condition].tone}
          label={`${conditions[condition] ?? 0} ${CONDITION_WORDS[condition].label.toLowerCase()}`}
        />
      ))}
      {running === 0 ? null : (
        <span className="inline-flex items-center gap-1 whitespace-nowrap text-info">
          <LoaderCircle aria-hidden className="size-3 animate-spin" />
          {running} running
        </span>
      )}
    </span>
  );
}
