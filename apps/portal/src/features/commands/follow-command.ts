import type { Command } from "@nova/pipeline-core/orchestration";

/** How often an open command is looked at. */
export const LOOK_MILLIS = 400;
/** Routers whose pages show what a command changes. */
const TOUCHED: ReadonlySet<string> = new Set(["commands", "runs", "datasets", "backfills", "pipelines", "schedules"]);

/** Queries that may show what a command changed; a followed command itself is settled and stays as it is. */
export function isTouched({ queryKey: [path] }: { readonly queryKey: readonly unknown[] }): boolean {
  return Array.isArray(path) && TOUCHED.has(String(path[0])) && path.join(".") !== "commands.one";
}

/** True until the worker has carried it out or refused it. */
export function isOpen({ state }: Command): boolean {
  return state === "queued" || state === "taken";
}

/** An idempotency key: a random UUID; `crypto.randomUUID` is missing where the portal is read over plain HTTP from another machine. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
