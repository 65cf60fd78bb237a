import type { DriftItem } from "./drift.ts";
import { judgeDrift } from "./judge-drift.ts";
import type { NewTableRule, ReadSchema, SourceId, StreamSchema } from "./model.ts";
import type { SeenSchema, StreamRecord } from "./ports.ts";

export type SeenDrift = Omit<DriftItem, "id" | "seenAt" | "decidedBy" | "decidedAt">;

export interface SavedSchema {
  readonly record: StreamRecord;
  readonly drift: readonly SeenDrift[];
}

/**
 * What a schema as the source has it now makes of a stream: the next version with its drift, or a stream that is new. `rule`
 * is asked for streams that come to a source which is captured already; null while its first streams are taken in.
 */
export function saveSchema(
  source: SourceId,
  known: StreamRecord | undefined,
  schema: ReadSchema,
  rule: NewTableRule | null,
  { position = null, needs = () => false }: SeenSchema,
): SavedSchema {
  const { stream } = schema;
  if (known === undefined) {
    const held = rule === "ask" || rule === "ignore";
    const record: StreamRecord = {
      source,
      stream,
      schema: { ...schema, version: 1 },
      state: held ? "paused" : "waiting",
      rowsRead: 0,
      rowsExpected: null,
      cursor: null,
    };
    if (rule === null) return { record, drift: [] };
    const state = { include: "evolved", ask: "open", ignore: "ignored" } as const;
    const change = { kind: "table", column: "", newName: null, from: null, to: null } as const;
    const drift = { source, stream, fromVersion: 1, toVersion: 1, change, state: state[rule], waits: false, position };
    return { record, drift: [drift] };
  }
  const before = known.schema;
  const { changes, staged } = judgeDrift(before, schema, (column) => needs(stream, column));
  const changed = changes.length > 0 || before.key.join("\0") !== schema.key.join("\0");
  const version = before.version + (changed ? 1 : 0);
  const drift = changes.map(({ change, safe, waits }): SeenDrift => ({
    source,
    stream,
    fromVersion: before.version,
    toVersion: version,
    change,
    state: safe ? "evolved" : "open",
    waits,
    position,
  }));
  const next: StreamSchema = {
    stream,
    description: schema.description,
    columns: schema.columns,
    key: schema.key,
    version,
    ...(staged === undefined ? {} : { staged }),
    ...(before.decisions === undefined ? {} : { decisions: before.decisions }),
  };
  return { record: { ...known, schema: next }, drift };
}
