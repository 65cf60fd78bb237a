"use client";

import type { ResultColumn, ResultValue } from "@nova/pipeline-core/access";
import { CopyButton } from "@/ui/copy-button.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { maskReason, type MaskedDataset } from "../masked-columns.ts";
import { shortType, valueText } from "../result-values.ts";

interface RowDialogProps {
  readonly columns: readonly ResultColumn[];
  /** null = closed. */
  readonly row: readonly ResultValue[] | null;
  readonly number: number;
  readonly masked: readonly MaskedDataset[];
  readonly onClose: () => void;
}

/** One row in full, a value under the other: nothing cut off, each value to copy, or all as JSON. */
export function RowDialog({ columns, row, number, masked, onClose }: RowDialogProps) {
  return (
    <Dialog
      open={row !== null}
      onOpenChange={(open) => !open && onClose()}
      title={`Row ${number}`}
      place="side"
      size="md"
    >
      {row === null ? null : (
        <>
          <div className="mb-3 flex items-center justify-between text-xs text-fg-muted">
            <span>Copy the whole row as JSON</span>
            <CopyButton text={rowJson(columns, row)} what="row" />
          </div>
          <dl className="divide-y divide-line border-y border-line">
            {columns.map((column, index) => (
              <RowValue
                key={index}
                column={column}
                value={row[index] ?? null}
                reason={maskReason(column.name, masked)}
              />
            ))}
          </dl>
        </>
      )}
    </Dialog>
  );
}

interface RowValueProps {
  readonly column: ResultColumn;
  readonly value: ResultValue;
  readonly reason: string | null;
}

function RowValue({ column, value, reason }: RowValueProps) {
  const text = value !== null && typeof value === "object" ? JSON.stringify(value, null, 2) : valueText(value);
  return (
    <div className="py-2">
      <dt className="flex items-center justify-between gap-2">
        <span className="min-w-0">
          <span className="font-mono text-xs font-medium">{column.name}</span>{" "}
          <span className="font-mono text-2xs text-fg-subtle">{shortType(column.type).toLowerCase()}</span>
        </span>
        {text === null ? null : <CopyButton text={text} what={column.name} />}
      </dt>
      <dd className="mt-0.5 font-mono text-xs break-words whitespace-pre-wrap">
        {text === null ? <span className="text-fg-subtle italic">null</span> : text}
        {reason === null ? null : <p className="mt-1 font-sans text-warn">{reason}</p>}
      </dd>
    </div>
  );
}

/** Columns of the same name get a number, so that none is lost. */
function rowJson(columns: readonly ResultColumn[], row: readonly ResultValue[]): string {
  const seen = new Map<string, number>();
  const entries = columns.map((column, index) => {
    const count = (seen.get(column.name) ?? 0) + 1;
    seen.set(column.name, count);
    return [count === 1 ? column.name : `${column.name}_${count}`, row[index] ?? null];
  });
  return JSON.stringify(Object.fromEntries(entries), null, 2);
}
