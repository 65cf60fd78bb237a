import { accepts } from "../postgres/databases.ts";
import type { Readiness } from "./part.ts";

const PROBE_EVERY_MS = 100;
const PROBE_WITHIN_MS = 3000;

/** Resolves when the part serves; false when `signal` aborts first. One-offs and mere running are the caller's to see. */
export async function waitUntilReady(ready: Readiness, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await probe(ready)) return true;
    await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
  }
  return false;
}

async function probe(ready: Readiness): Promise<boolean> {
  switch (ready.kind) {
    case "http":
      return answers(ready.url);
    case "postgres":
      return accepts(ready.url);
    case "running":
    case "ended":
      return true;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(PROBE_WITHIN_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // Refused, reset or too slow: not ready, whichever it was.
  }
}
