import { PlatformError } from "@nova/pipeline-core/kernel";
import type { RowKey, StreamSchema } from "@nova/pipeline-core/connectors";
import { type EnvelopeBatch, envelopeBatch } from "@nova/pipeline-core/lakehouse";
import { selectSql } from "./full-load.ts";
import { addDeletion, addRecord, againPosition } from "./object-rows.ts";
import { fieldText } from "./object-schema.ts";
import type { SalesforceSession } from "./session.ts";

/** Ids of one query: its text stays well within the length of a URL. */
const IDS = 200;

export interface ReadById {
  readonly batch: EnvelopeBatch;
  readonly found: number;
  /** Neither live nor in the recycle bin. */
  readonly gone: number;
}

/** Just these records as they are now, as rows that win over what is stored; those that are gone as deletions. */
export async function readById(
  session: Pick<SalesforceSession, "queryAll">,
  schema: StreamSchema,
  keys: readonly RowKey[],
  readAt: Date,
): Promise<ReadById> {
  const batch = envelopeBatch();
  const names = schema.columns.map((column) => column.name);
  const missing = new Set(keys.map((key) => idOf(schema, key)));
  const ids = [...missing];
  for (let start = 0; start < ids.length; start += IDS) {
    const list = ids.slice(start, start + IDS).map((id) => `'${id}'`);
    for await (const page of session.queryAll(`${selectSql(schema)} WHERE Id IN (${list.join(", ")})`)) {
      for (const row of page) {
        missing.delete(fieldText(row["Id"]) ?? "");
        const values = names.map((name) => fieldText(row[name]));
        addRecord(batch, schema.stream, schema.version, "r", names, values, (modified, id) =>
          againPosition(modified, id, readAt),
        );
      }
    }
  }
  const found = batch.rows;
  for (const id of missing) addDeletion(batch, schema.stream, schema.version, id, readAt.toISOString());
  return { batch, found, gone: missing.size };
}

/** Ids go into a query's text: nothing but an id may. */
function idOf({ stream }: StreamSchema, key: RowKey): string {
  const id = key["Id"] ?? "";
  if (!/^[0-9A-Za-z]{8,18}$/.test(id))
    throw new PlatformError("invalid-input", `${stream}: a key is no Salesforce id of 15 or 18 characters`);
  return id;
}
