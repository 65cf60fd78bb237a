"use client";

import { Handle, type Node, type NodeProps, Position } from "@xyflow/react";
import { Minus, Plus } from "lucide-react";
import { cx } from "@/ui/class-names.ts";
import { StatusText } from "@/ui/status-pill.tsx";
import { TONE_FILL } from "@/ui/tone.ts";
import { type CanvasNode, COLUMN_HEIGHT, NODE_WIDTH, nodeHeight } from "../canvas-model.ts";

export interface BoxActions {
  readonly select: (id: string) => void;
  readonly toggle: (id: string, side: "inputs" | "readers") => void;
}

export type BoxNode = Node<{ node: CanvasNode; selected: boolean; actions: BoxActions }, "box">;

const HIDDEN_HANDLE = "!pointer-events-none !size-1 !min-w-0 !border-0 !opacity-0";

/** One dataset, stream or source of the drawing: layer, name, state, what is hidden beside it. */
export function CanvasBox({ data: { node, selected, actions } }: NodeProps<BoxNode>) {
  return (
    <div data-canvas-anchor={node.id} style={{ width: NODE_WIDTH, height: nodeHeight(node) }} className="relative">
      {node.columns.length > 0 ? null : (
        <>
          <Handle type="target" position={Position.Left} className={HIDDEN_HANDLE} isConnectable={false} />
          <Handle type="source" position={Position.Right} className={HIDDEN_HANDLE} isConnectable={false} />
        </>
      )}
      <button
        type="button"
        data-canvas-node={node.id}
        aria-pressed={selected}
        onClick={() => actions.select(node.id)}
        className={cx(
          "nopan absolute inset-0 flex flex-col overflow-hidden rounded-lg border bg-surface text-left",
          node.isFocus ? "border-accent" : "border-line-strong",
          selected && "shadow-[0_0_0_2px_var(--accent)]",
        )}
      >
        <span
          aria-hidden
          className={cx(
            "absolute inset-y-0 left-0 w-1",
            node.status === null ? "bg-idle-soft" : TONE_FILL[node.status.tone],
          )}
        />
        <span className="flex h-[52px] w-full flex-col justify-center gap-0.5 pr-3 pl-4">
          <span className="flex items-center justify-between gap-2 text-2xs">
            <span className="text-fg-muted">{node.layer}</span>
            {node.status === null ? null : <StatusText tone={node.status.tone} label={node.status.label} />}
          </span>
          <span className="truncate font-mono text-xs font-medium" title={node.id}>
            {node.id}
          </span>
          {node.isFocus ? <span className="sr-only">in focus</span> : null}
        </span>
        {node.columns.length === 0 ? null : (
          <span className="w-full border-t border-line">
            {node.columns.map((column) => (
              <span
                key={column.name}
                style={{ height: COLUMN_HEIGHT }}
                className={cx(
                  "flex items-center pr-3 pl-4 font-mono text-2xs",
                  column.isFocus
                    ? "bg-accent-soft font-medium text-accent-text"
                    : column.onlyIndirect
                      ? "text-fg-subtle"
                      : "text-fg",
                )}
              >
                <span className="truncate">{column.name}</span>
              </span>
            ))}
          </span>
        )}
      </button>
      {node.columns.map((column, index) => (
        <ColumnHandles key={column.name} name={column.name} top={53 + index * COLUMN_HEIGHT + COLUMN_HEIGHT / 2} />
      ))}
      <Opener node={node} side="inputs" actions={actions} />
      <Opener node={node} side="readers" actions={actions} />
    </div>
  );
}

function ColumnHandles({ name, top }: { readonly name: string; readonly top: number }) {
  return (
    <>
      <Handle
        type="target"
        id={`<${name}`}
        position={Position.Left}
        style={{ top }}
        className={HIDDEN_HANDLE}
        isConnectable={false}
      />
      <Handle
        type="source"
        id={`>${name}`}
        position={Position.Right}
        style={{ top }}
        className={HIDDEN_HANDLE}
        isConnectable={false}
      />
    </>
  );
}

/** "+3": shows the neighbours that are hidden on one side; "−" hides them again. */
function Opener({
  node,
  side,
  actions,
}: {
  readonly node: CanvasNode;
  readonly side: "inputs" | "readers";
  readonly actions: BoxActions;
}) {
  const hidden = side === "inputs" ? node.hiddenInputs : node.hiddenReaders;
  const opened = node.opened[side];
  if (hidden === 0 && !opened) return null;
  const what = side === "inputs" ? (hidden === 1 ? "input" : "inputs") : hidden === 1 ? "reader" : "readers";
  return (
    <button
      type="button"
      aria-label={opened ? `Hide the ${side} of ${node.id}` : `Show ${hidden} hidden ${what} of ${node.id}`}
      onClick={() => actions.toggle(node.id, side)}
      className={cx(
        "nopan num absolute top-1/2 z-10 flex h-6 min-w-6 -translate-y-1/2 items-center justify-center rounded-full border border-line-strong bg-raised px-1 text-2xs font-medium text-fg-muted hover:text-fg",
        side === "inputs" ? "right-full mr-1.5" : "left-full ml-1.5",
      )}
    >
      {opened ? (
        <Minus aria-hidden className="size-3" />
      ) : (
        <>
          <Plus aria-hidden className="size-3" />
          {hidden}
        </>
      )}
    </button>
  );
}
