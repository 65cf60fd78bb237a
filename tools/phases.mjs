// One line per phase of a launch, with its time; on a terminal the running phase counts its seconds.
const TICK_MS = 1000;

/** Runs `work`, which may return a word on what it did ("unchanged"), and prints how long it took. */
export async function phase(title, work) {
  const started = performance.now();
  const elapsed = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const live = process.stdout.isTTY && process.env.NO_COLOR === undefined;
  const draw = () => process.stdout.write(`\r\u001b[K  … ${title}  ${elapsed()}`);
  const timer = live ? setInterval(draw, TICK_MS) : undefined;
  if (live) draw();
  else console.log(`  … ${title}`);
  try {
    const result = await work();
    if (live) process.stdout.write("\r\u001b[K");
    console.log(`  ✓ ${title.padEnd(34)} ${elapsed().padStart(8)}  ${result ?? ""}`.trimEnd());
  } catch (error) {
    if (live) process.stdout.write("\r\u001b[K");
    console.log(`  ✗ ${title.padEnd(34)} ${elapsed().padStart(8)}`);
    throw error;
  } finally {
    clearInterval(timer);
  }
}
