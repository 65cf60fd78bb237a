import { closeSync, openSync, readSync } from "node:fs";

const MARK = Buffer.from("order ");
const CHUNK_BYTES = 8 * 1024 * 1024;
/** No number of the bench is longer. */
const LONGEST = 20;
const ZERO = 0x30;
const NINE = 0x39;

/** How many rows or events a product wrote, and the sum of their numbers. */
export interface Numbers {
  readonly count: number;
  readonly sum: number;
}

/**
 * Counts what stands in a growing file: every row and every log event of the bench says `order <its number>` once, whatever
 * the form a product writes it in. Each call goes on where the last one ended.
 */
export function orderNumbers(path: string): () => Numbers {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let [from, count, sum] = [0, 0, 0];
  return () => {
    const file = openSync(path, "r");
    try {
      for (;;) {
        const length = readSync(file, chunk, 0, CHUNK_BYTES, from);
        // A mark so near to the end may have only a part of its number behind it: the next round begins there.
        const whole = length - MARK.length - LONGEST;
        let at = chunk.indexOf(MARK);
        for (; at >= 0 && at < whole; at = chunk.indexOf(MARK, at)) {
          at += MARK.length;
          const begin = at;
          let number = 0;
          for (let digit = chunk[at] ?? 0; digit >= ZERO && digit <= NINE; digit = chunk[at] ?? 0) {
            number = number * 10 + digit - ZERO;
            at += 1;
          }
          if (at > begin) [count, sum] = [count + 1, sum + number];
        }
        if (whole <= 0) return { count, sum };
        from += whole;
      }
    } finally {
      closeSync(file);
    }
  };
}

/** Throws when something is missing or there twice. */
export function mustEqual(product: string, found: Numbers, written: Numbers): void {
  if (found.count === written.count && found.sum === written.sum) return;
  const words = ({ count, sum }: Numbers): string => `${count} whose numbers sum up to ${sum}`;
  throw new Error(`${product} has ${words(found)}, written were ${words(written)}`);
}
