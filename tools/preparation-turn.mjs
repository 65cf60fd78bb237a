// Two launches at once (a start and a test, say) would install and build into the same folders: they take turns.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isAlive } from "./processes.mjs";
import { TOOLCHAIN } from "./root.mjs";

const TURN = join(TOOLCHAIN, "preparing.pid");
const LOOK_EVERY_MS = 500;

let ours = false;

/**
 * Waits until no other launch prepares, then does `work` alone. The turn ends with the work and not with the process: what
 * `npm test` and the benches start prepares for itself.
 */
export async function inTurn(work) {
  await takeTurn();
  try {
    return await work();
  } finally {
    endTurn();
  }
}

async function takeTurn() {
  mkdirSync(TOOLCHAIN, { recursive: true });
  let said = false;
  while (!claim()) {
    const holder = Number(readHolder());
    // A launch that was killed left its turn behind.
    if (!isAlive(holder)) rmSync(TURN, { force: true });
    else {
      if (!said) console.log(`  … waiting for another launch (pid ${holder}) to finish its preparations`);
      said = true;
      await delay(LOOK_EVERY_MS);
    }
  }
  ours = true;
  process.once("exit", endTurn);
}

function endTurn() {
  if (!ours) return;
  ours = false;
  rmSync(TURN, { force: true });
}

function claim() {
  try {
    writeFileSync(TURN, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

function readHolder() {
  try {
    return readFileSync(TURN, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return "";
  }
}
