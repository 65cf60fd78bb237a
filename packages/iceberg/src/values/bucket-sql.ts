import { IcebergError } from "../errors.ts";
import { parsePrimitive } from "../schema/primitive.ts";

const MOD = "4294967296::UBIGINT";
/** Binds `value` to a name, so that an expression used twice is written once. */
const bind = (value: string, name: string, body: string): string =>
  `list_transform([${value}], lambda ${name}: ${body})[1]`;
const rotate = (name: string, left: number): string =>
  `(((${name} * ${2 ** left}) % ${MOD}) + (${name} // ${2 ** (32 - left)}))`;
const times = (value: string, factor: number): string => `((${value}) * ${factor}::UBIGINT) % ${MOD}`;

const mixedBlock = (block: string): string => times(bind(times(block, 0xcc9e2d51), "k", rotate("k", 15)), 0x1b873593);
const mixed = (hash: string, block: string): string =>
  `(${bind(`xor(${hash}, ${mixedBlock(block)})`, "m", rotate("m", 13))} * 5 + 3864292196) % ${MOD}`;

function finished(hash: string, length: string): string {
  const first = bind(`xor(${hash}, (${length})::UBIGINT)`, "a", times("xor(a, a // 65536)", 0x85ebca6b));
  const second = bind(first, "b", times("xor(b, b // 8192)", 0xc2b2ae35));
  return bind(second, "c", "xor(c, c // 65536)");
}

/** Murmur3 x86 32 of a BLOB given as hex text, seed 0 (spec Appendix B). Whole blocks are folded, then the tail. */
function hashOfHex(hex: string): string {
  const little = (text: string): string => `('0x' || ${text})::UBIGINT`;
  const block = (at: string): string =>
    little([7, 5, 3, 1].map((offset) => `substr(x, ${at} + ${offset} - 1, 2)`).join(" || "));
  const folded = `list_reduce(list_transform(range(0, length(x) // 8), lambda i: ${block("(i * 8 + 1)")}), lambda h, k: ${mixed("h", "k")}, 0::UBIGINT)`;
  const tailBytes = [3, 2, 1].map((byte) => `substr(x, (length(x) // 8) * 8 + ${byte * 2 - 1}, 2)`).join(" || ");
  const tail = `CASE WHEN length(x) % 8 = 0 THEN 0::UBIGINT ELSE ${mixedBlock(little(tailBytes))} END`;
  return bind(hex, "x", finished(`xor(${folded}, ${tail})`, "length(x) // 2"));
}

/** Hash of a 64-bit integer: its eight bytes, little-endian; ints and dates hash as longs. */
function hashOfLong(value: string): string {
  const low = `((v & 4294967295)::UBIGINT)`;
  const high = `(((v >> 32) & 4294967295)::UBIGINT)`;
  return bind(`(${value})::BIGINT`, "v", finished(mixed(mixed("0::UBIGINT", low), high), "8"));
}

/**
 * Unscaled value of a decimal as the fewest big-endian two's-complement bytes, in hex. The length is that of the value,
 * or of its complement when it is negative, with room for the sign bit; a negative value's digits are the last of all 128 bits.
 */
function decimalHex(value: string): string {
  const even = `if(length(h) % 2 = 1, '0' || h, h)`;
  const signed = bind(even, "e", `if(e[1] >= '8', '00' || e, e)`);
  const digits = bind(`hex(if(n < 0, -n - 1, n))`, "h", signed);
  return bind(
    `replace((${value})::VARCHAR, '.', '')::HUGEINT`,
    "n",
    bind(digits, "d", `if(n < 0, right(hex(n), length(d)), d)`),
  );
}

/** Spec "Bucket Transform Details": (hash & 2^31-1) % N, computed by the engine. */
export function bucketSql(width: number, name: string, sourceType: string): string {
  return `CASE WHEN ${name} IS NULL THEN NULL ELSE (((${hashSql(name, sourceType)}) & 2147483647) % ${width})::INTEGER END`;
}

/** The 32-bit hash itself as UBIGINT; exported for the test of the spec's vectors. */
export function hashSql(name: string, sourceType: string): string {
  const primitive = parsePrimitive(sourceType);
  switch (primitive.kind) {
    case "int":
    case "long":
      return hashOfLong(name);
    case "date":
      return hashOfLong(`(${name} - DATE '1970-01-01')`);
    case "time":
    case "timestamp":
    case "timestamptz":
      return hashOfLong(
        primitive.kind === "time" ? `date_diff('microsecond', TIME '00:00:00', ${name})` : `epoch_us(${name})`,
      );
    case "string":
      return hashOfHex(`hex(encode(${name}))`);
    case "uuid":
      return hashOfHex(`replace(${name}::VARCHAR, '-', '')`);
    case "binary":
    case "fixed":
      return hashOfHex(`hex(${name})`);
    case "decimal":
      return hashOfHex(decimalHex(name));
    default:
      throw new IcebergError(
        "invalid-input",
        `bucket of ${sourceType} is not a transform the spec has; partition by another column`,
        { sourceType },
      );
  }
}
