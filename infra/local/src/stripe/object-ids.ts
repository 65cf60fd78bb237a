import { hash32 } from "../people.ts";

const DIGITS = 9;
const CHECK_LETTERS = 6;

const checkOf = (prefix: string, kind: string, number: number): string =>
  (hash32(number % 0x1_0000_0000, `${prefix} ${kind}`) >>> 0).toString(36).padStart(7, "0").slice(-CHECK_LETTERS);

/**
 * An id that looks like Stripe's, the same for the same thing for ever, and that can be read back: `ch_3Nova`, one letter
 * for the kind, the number in base 36, and a check that makes a guessed id unknown.
 */
export function encodeId(prefix: string, kind: string, number: number): string {
  return `${prefix}_3Nova${kind}${number.toString(36).padStart(DIGITS, "0")}${checkOf(prefix, kind, number)}`;
}

/** What `encodeId` put in; null for an id it did not make. */
export function decodeId(prefix: string, id: string): { readonly kind: string; readonly number: number } | null {
  const match = /^([a-z]+)_3Nova([0-9a-z])([0-9a-z]{9})([0-9a-z]{6})$/.exec(id);
  if (match === null || match[1] !== prefix) return null;
  const [, , kind = "", digits = "", check = ""] = match;
  const number = Number.parseInt(digits, 36);
  return checkOf(prefix, kind, number) === check ? { kind, number } : null;
}
