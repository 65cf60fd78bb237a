import { expect, test } from "vitest";
import { abortable } from "./abortable.ts";

const never = new Promise<never>(() => undefined);

test("gives what the work gives, or fails as it fails", async () => {
  const { signal } = new AbortController();
  await expect(abortable(Promise.resolve(7), signal)).resolves.toBe(7);
  await expect(abortable(Promise.reject(new Error("broken")), signal)).rejects.toThrow("broken");
});

test("ends at once when the signal aborts, before or during the work", async () => {
  const stopper = new AbortController();
  const waiting = abortable(never, stopper.signal);
  stopper.abort(new Error("stop"));
  await expect(waiting).rejects.toThrow("stop");
  await expect(abortable(never, stopper.signal)).rejects.toThrow("stop");
});
