/**
 * A CTE `lease` that holds one row when the epoch `$n` is the worker's lease. The key-share lock makes taking the lease
 * wait for commits under way, and makes a commit that waited for a taking see that it lost: without it a commit could
 * slip in after a newer worker had read the position.
 */
export function leaseCte(parameter: number): string {
  return `lease AS (SELECT epoch FROM worker_leases WHERE epoch = $${parameter} AND released_at IS NULL FOR KEY SHARE)`;
}
