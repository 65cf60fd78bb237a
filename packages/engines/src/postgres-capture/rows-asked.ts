import {
  type CaptureHost,
  type RowRange,
  sortsAlike,
  type StreamRecord,
  type StreamRequest,
} from "@nova/pipeline-core/connectors";
import { z } from "zod";
import type { SourceTable } from "./catalog.ts";
import type { KeyValues } from "./table-sql.ts";

/** Which rows of a table are read again; both null = all. */
export interface AskedRows {
  readonly only: readonly KeyValues[] | null;
  readonly range: RowRange | null;
}

/** Keys of one statement, and of one request: more rows than that are read as the whole table. */
const MOST_KEYS = 2_000;

export function isWhole({ only, range }: AskedRows): boolean {
  return only === null && range === null;
}

export function boundsOf(table: SourceTable, { only, range }: AskedRows) {
  const values = (bound: readonly string[] | null): KeyValues | null =>
    bound === null ? null : Object.fromEntries(table.key.map((name, index) => [name, bound[index] ?? ""]));
  return { only, from: values(range?.from ?? null), through: values(range?.through ?? null) };
}

/** What a range of texts is differs between the engines: rows of it that are gone are left to the comparison. */
export function maySweep(table: SourceTable, { range }: AskedRows): boolean {
  const type = (name: string): string => table.columns.find((column) => column.name === name)?.type ?? "string";
  return range === null || table.key.every((name) => sortsAlike(type(name)));
}

/** Just the rows that a request is about; null = the whole table or a range of it. */
export async function keysOf(
  host: CaptureHost,
  { action, keys = [] }: StreamRequest,
  record: StreamRecord,
): Promise<readonly KeyValues[] | null> {
  switch (action) {
    case "replay":
      return refusedKeys(host, record);
    case "repair":
      return keys.length > MOST_KEYS ? null : keys;
    case "pause":
    case "resume":
    case "resync":
      return null;
  }
}

/** Keys of the stream's rows in quarantine; null when not all of them are known: then the whole table is read. */
async function refusedKeys(host: CaptureHost, { stream, schema }: StreamRecord): Promise<KeyValues[] | null> {
  const { rows, complete } = await host.refused({ stream });
  if (!complete || schema.key.length === 0) return null;
  const keys = new Map<string, KeyValues>();
  for (const { payload } of rows) {
    const row = z.record(z.string(), z.string().nullable()).safeParse(JSON.parse(payload));
    const values = schema.key.map((name) => (row.success ? row.data[name] : undefined));
    if (values.some((value) => value === undefined || value === null)) return null;
    const key = Object.fromEntries(schema.key.map((name, index) => [name, values[index] ?? ""]));
    keys.set(JSON.stringify(key), key);
  }
  return keys.size === 0 || keys.size > MOST_KEYS ? null : [...keys.values()];
}
