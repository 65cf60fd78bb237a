/**
 * Faults against the real platform, one after the other, each followed by a comparison of sources and lake by key and checksum.
 * `npm run chaos [-- --seed 7 --only <pattern of names> --short --list --log <file>]`. Exit 1 when anything differs.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { FAULTS } from "./faults.ts";
import { type Outcome, runFault } from "./run-faults.ts";
import { startWorld } from "./world.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Math.floor(Math.random() * 1e6)) },
    only: { type: "string" },
    short: { type: "boolean", default: false },
    list: { type: "boolean", default: false },
    json: { type: "string" },
    log: { type: "string" },
  },
});
const only = values.only === undefined ? null : new RegExp(values.only);
const chosen = FAULTS.filter(
  (fault) => (only === null || only.test(fault.name)) && (!values.short || fault.short === true),
);
if (values.list) {
  for (const fault of FAULTS) console.log(fault.name);
  process.exit(0);
}
if (chosen.length === 0) {
  console.log(`no fault is called like "${values.only}": --list names them`);
  process.exit(2);
}
const seed = Number(values.seed);
console.log(`seed ${seed}: ${chosen.length} faults; the same again with --seed ${seed}`);
const world = await startWorld(seed, { disks: true, workerLog: values.log ?? null });
const outcomes: Outcome[] = [];
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => void world.stop().finally(() => process.exit(130)));
}
try {
  for (const fault of chosen) {
    const outcome = await runFault(world, fault);
    outcomes.push(outcome);
    const { result, recoverySeconds, workerEnds, rowChanges, logLines, stripeEvents, salesforceChanges } = outcome;
    console.log(
      `${result === "different" ? "✗" : result === "equal" ? "✓" : "-"} ${fault.name.padEnd(58)} ${result.padEnd(9)} ${String(recoverySeconds ?? "").padStart(6)} s  ${workerEnds} restarts, ${rowChanges} rows, ${logLines} logs, ${stripeEvents} events, ${salesforceChanges} records`,
    );
    if (outcome.detail !== "") console.log(outcome.detail);
    // What differs once differs ever after: the faults that come would be blamed for it.
    if (result === "different") break;
  }
} finally {
  await world.stop();
}
const failed = outcomes.filter((outcome) => outcome.result === "different").length;
const skipped = outcomes.filter((outcome) => outcome.result === "not possible here").length;
const slowest = Math.max(...outcomes.map((outcome) => outcome.recoverySeconds ?? 0));
console.log(
  `${outcomes.length - failed - skipped} equal, ${failed} different, ${skipped} not possible here; slowest recovery ${slowest} s`,
);
const report = JSON.stringify({ seed, outcomes });
if (values.json === undefined) console.log(report);
else writeFileSync(values.json, report);
process.exit(failed === 0 ? 0 : 1);
