/** A server as `npm start` runs it: what is committed is on disk. */
export const DURABLE: Readonly<Record<string, string>> = {
  fsync: "on",
  full_page_writes: "on",
  jit: "off",
  shared_buffers: "256MB",
  timezone: "UTC",
};

/** What `work` returns, and how long it took in milliseconds. */
export async function timed<Result>(work: () => Promise<Result>): Promise<[millis: number, result: Result]> {
  const began = performance.now();
  const result = await work();
  return [performance.now() - began, result];
}
