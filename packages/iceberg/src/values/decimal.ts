/** Text such as "-12.30" as an unscaled integer of the given scale (digits beyond the scale must not occur). */
export function unscaledFromText(text: string, scale: number): bigint {
  const negative = text.startsWith("-");
  const [whole = "0", fraction = ""] = text.replace(/^[+-]/, "").split(".");
  const unscaled = BigInt(whole + fraction.padEnd(scale, "0").slice(0, scale));
  return negative ? -unscaled : unscaled;
}

/** Minimal two's-complement big-endian bytes (spec Appendix D). */
export function decimalBytes(unscaled: bigint): Buffer {
  let length = 1;
  while (BigInt.asIntN(length * 8, unscaled) !== unscaled) length += 1;
  return Buffer.from(
    BigInt.asUintN(length * 8, unscaled)
      .toString(16)
      .padStart(length * 2, "0"),
    "hex",
  );
}

/** Inverse of `decimalBytes`, of any length. */
export function decimalFromBytes(bytes: Buffer): bigint {
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString("hex")}`));
}

/** An unscaled integer as text with its decimal point. */
export function textFromUnscaled(unscaled: bigint, scale: number): string {
  const negative = unscaled < 0n;
  const digits = (negative ? -unscaled : unscaled).toString().padStart(scale + 1, "0");
  const text = scale === 0 ? digits : `${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
  return negative ? `-${text}` : text;
}
