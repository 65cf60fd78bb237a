/** First `width` code points, as a lower bound (Java's default is 16). */
export function truncateText(text: string, width: number): string {
  const points = [...text];
  return points.length <= width ? text : points.slice(0, width).join("");
}

/** A text that is ≥ every text starting like `text`: the last code point that can grow grows; null when none can. */
export function truncateTextUp(text: string, width: number): string | null {
  const points = [...text];
  if (points.length <= width) return text;
  for (let last = width - 1; last >= 0; last -= 1) {
    const next = nextCodePoint(points[last]?.codePointAt(0) as number);
    if (next !== null) return points.slice(0, last).join("") + String.fromCodePoint(next);
  }
  return null;
}

/** The same for bytes. */
export function truncateBytesUp(bytes: Buffer, width: number): Buffer | null {
  if (bytes.length <= width) return bytes;
  for (let last = width - 1; last >= 0; last -= 1) {
    const byte = bytes[last] as number;
    if (byte < 0xff) return Buffer.concat([bytes.subarray(0, last), Buffer.from([byte + 1])]);
  }
  return null;
}

function nextCodePoint(point: number): number | null {
  if (point === 0xd7ff) return 0xe000; // surrogates are no characters
  return point >= 0x10ffff ? null : point + 1;
}
