import { PlatformError, type Transaction } from "@nova/pipeline-core/kernel";

/**
 * A CTE `lease` that holds one row when the epoch `$n` is the worker's lease. The key-share lock makes taking the lease
 * wait for commits under way, and makes a commit that waited for a taking see that it lost: without it a commit could
 * slip in after a newer worker had read the position.
 */
export function leaseCte(parameter: number): string {
  return `lease AS (SELECT epoch FROM worker_leases WHERE epoch = $${parameter} AND released_at IS NULL FOR KEY SHARE)`;
}

/** Throws `stale-writer` when the epoch is not the worker's lease; holds the lease until the transaction ends. */
export async function guardLease(tx: Transaction, epoch: bigint): Promise<void> {
  const { rows } = await tx.query(`WITH ${leaseCte(1)} SELECT epoch FROM lease`, [epoch]);
  if (rows.length === 0) throw new PlatformError("stale-writer", `lease ${epoch} is no longer held`);
}
