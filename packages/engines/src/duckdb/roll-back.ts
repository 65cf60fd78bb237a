import { PlatformError, type Transaction } from "@nova/pipeline-core/kernel";
import { asLakeError, findTable, type Lake, lineage, transactionOf } from "./lake.ts";

export async function history(lake: Lake, dataset: string): Promise<readonly string[]> {
  const table = await findTable(lake, dataset);
  return table === null ? [] : lineage(table).map((snapshot) => String(snapshot["snapshot-id"]));
}

/** Takes a dataset back to a snapshot of its history, in one transaction with `within`. */
export async function rollBack(
  lake: Lake,
  request: { dataset: string; to: string; within: (tx: Transaction) => Promise<void> },
): Promise<void> {
  const table = await findTable(lake, request.dataset);
  if (table === null || !lineage(table).some((snapshot) => String(snapshot["snapshot-id"]) === request.to))
    throw new PlatformError(
      "not-found",
      `snapshot ${request.to} of ${request.dataset} is no longer kept, or never was in its history`,
    );
  try {
    await table.rollbackTo(request.to, { within: (transaction) => request.within(transactionOf(transaction)) });
  } catch (error) {
    throw asLakeError(error);
  }
}
