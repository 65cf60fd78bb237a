import { parsePrimitive } from "../schema/primitive.ts";
import { fieldNamed, type Schema } from "../schema/schema.ts";
import type { DataFile, ManifestFile } from "../manifest/data-file.ts";
import type { BoundPartitionField, BoundSpec } from "../metadata/partition-spec.ts";
import { bucketOf } from "../values/bucket-of.ts";
import { compareValues, decodeValue, type Comparable } from "../values/bound.ts";
import { truncateText } from "../values/truncate-bound.ts";
import { parseQuantity } from "../values/project-value.ts";
import { filterColumns, literalText, type Filter, type FilterValue } from "./filter.ts";

/** What is known of a column's values in some set of rows. Absent bounds = unknown. */
interface Range {
  readonly lower?: Comparable | undefined;
  readonly upper?: Comparable | undefined;
  readonly mayBeNull: boolean;
  readonly mayBeValue: boolean;
  readonly mayBeNan: boolean;
  /** Bounds and literals went through a truncating transform: different values may have become equal. */
  readonly truncated?: boolean;
  /** Bounds and literals are buckets: only equal values are sure to be alike, order and prefixes are gone. */
  readonly hashed?: boolean;
  /** Bounds are values, not estimates: equal bounds mean that every value is that one. */
  readonly exact?: boolean;
}
const ANYTHING: Range = { mayBeNull: true, mayBeValue: true, mayBeNan: true };

/** How to learn about a column; `mapped` turns a literal into the range's terms (partition values), or null when it cannot. */
interface Knowledge {
  range(column: string): Range;
  literal(column: string, value: FilterValue): Comparable | null;
  /** The literal is the very start of the partition it falls into, so nothing of that partition is below it. */
  aligned?(column: string, value: FilterValue): boolean;
}

/** False only when no row can satisfy the filter (spec "Scan Planning": inclusive projection). */
function mayMatch(filter: Filter, knowledge: Knowledge, negated = false): boolean {
  switch (filter.op) {
    case "and":
    case "or": {
      const every = (filter.op === "and") !== negated; // De Morgan
      return every
        ? filter.filters.every((part) => mayMatch(part, knowledge, negated))
        : filter.filters.some((part) => mayMatch(part, knowledge, negated));
    }
    case "not":
      return mayMatch(filter.filter, knowledge, !negated);
    case "is-null":
    case "is-not-null":
      return (filter.op === "is-null") !== negated
        ? knowledge.range(filter.column).mayBeNull
        : knowledge.range(filter.column).mayBeValue;
    case "is-nan":
      return negated ? knowledge.range(filter.column).mayBeValue : knowledge.range(filter.column).mayBeNan;
    case "starts-with": {
      const range = knowledge.range(filter.column);
      return range.mayBeValue && prefixMayMatch(range, knowledge.literal(filter.column, filter.value), negated);
    }
    case "in": {
      if (filter.values.length === 0) return negated; // false for every row, null included; its opposite true
      const range = knowledge.range(filter.column);
      if (!range.mayBeValue) return false;
      const literals = filter.values.map((value) => knowledge.literal(filter.column, value));
      return negated
        ? literals.every((literal) => comparisonMayMatch("!=", range, literal))
        : literals.some((literal) => comparisonMayMatch("=", range, literal));
    }
    default: {
      const range = knowledge.range(filter.column);
      if (!range.mayBeValue) return false;
      const op = negated ? NEGATED[filter.op] : filter.op;
      const truncated =
        range.truncated === true && !(op === "<" && knowledge.aligned?.(filter.column, filter.value) === true);
      return comparisonMayMatch(op, { ...range, truncated }, knowledge.literal(filter.column, filter.value));
    }
  }
}

type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=";
const NEGATED: Record<Comparison, Comparison> = { "=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<" };

function comparisonMayMatch(op: Comparison, range: Range, literal: Comparable | null): boolean {
  if (literal === null || (range.hashed === true && op !== "=")) return true;
  const below = range.lower === undefined ? null : compareValues(literal, range.lower);
  const above = range.upper === undefined ? null : compareValues(literal, range.upper);
  switch (op) {
    case "=":
      return !((below !== null && below < 0) || (above !== null && above > 0));
    case "<":
      return below === null || below > 0 || (range.truncated === true && below === 0);
    case "<=":
      return below === null || below >= 0;
    case ">":
      return above === null || above < 0 || (range.truncated === true && above === 0);
    case ">=":
      return above === null || above <= 0;
    case "!=":
      // Bounds of statistics may be cut: that both equal the literal proves nothing then.
      return !(range.exact === true && range.truncated !== true && below === 0 && above === 0);
  }
}

/** Texts with one prefix are neighbours: they lie between bounds, and two bounds that have it leave room for no other. */
function prefixMayMatch(range: Range, prefix: Comparable | null, negated: boolean): boolean {
  const { lower, upper } = range;
  if (!Buffer.isBuffer(prefix) || range.hashed === true) return true;
  const has = (bound: Comparable | undefined): boolean =>
    Buffer.isBuffer(bound) && bound.subarray(0, prefix.length).equals(prefix);
  if (negated) return range.truncated === true || !(has(lower) && has(upper));
  return !(
    (upper !== undefined && compareValues(upper, prefix) < 0) ||
    (lower !== undefined && compareValues(lower, prefix) > 0 && !has(lower))
  );
}

const literals = new WeakMap<Schema, Map<string, Comparable | null>>();
const MOST_LITERALS = 10_000;

/** Literals are taken apart once, not once per file. */
function literalOf(schema: Schema, column: string, value: FilterValue): Comparable | null {
  let known = literals.get(schema);
  if (!known || known.size > MOST_LITERALS) literals.set(schema, (known = new Map()));
  const text = literalText(value);
  const key = `${column.length}:${column}${text}`;
  let literal = known.get(key);
  if (literal === undefined) {
    const type = fieldNamed(schema, column)?.type;
    known.set(key, (literal = typeof type === "string" ? parseQuantity(type, text) : null));
  }
  return literal;
}

/** Whether a data file may hold matching rows, judged by its column statistics. */
export function fileMayMatch(filter: Filter, schema: Schema, file: DataFile): boolean {
  return mayMatch(filter, {
    range: (column) => {
      const field = fieldNamed(schema, column);
      if (!field || typeof field.type !== "string") return ANYTHING;
      const find = <V>(pairs: readonly { key: number; value: V }[] | undefined): V | undefined =>
        pairs?.find((pair) => pair.key === field.id)?.value;
      const nulls = find(file.nullCounts);
      const values = find(file.valueCounts);
      const [low, high] = [find(file.lower), find(file.upper)];
      // NaN is beyond every bound: with NaNs possible, an upper bound says nothing about "greater than".
      const { kind } = parsePrimitive(field.type);
      const mayBeNan = (kind === "float" || kind === "double") && find(file.nanCounts) !== 0;
      return {
        lower: low === undefined || mayBeNan ? undefined : (decodeValue(field.type, low) ?? undefined),
        upper: high === undefined || mayBeNan ? undefined : (decodeValue(field.type, high) ?? undefined),
        mayBeNull: nulls === undefined || nulls > 0,
        mayBeValue: nulls === undefined || values === undefined || nulls < values,
        mayBeNan,
      };
    },
    literal: (column, value) => literalOf(schema, column, value),
  });
}

/** Whether a file of this partition tuple may hold matching rows. */
export function partitionMayMatch(
  filter: Filter,
  schema: Schema,
  spec: BoundSpec,
  partition: DataFile["partition"],
): boolean {
  return partitionFields(spec).every(({ field, index }) => {
    const value = partition[index] ?? null;
    const range: Range =
      value === null
        ? { mayBeNull: true, mayBeValue: false, mayBeNan: false }
        : {
            lower: value,
            upper: value,
            mayBeNull: false,
            mayBeValue: true,
            mayBeNan: typeof value !== "number" || Number.isNaN(value),
            exact: true,
          };
    return mayMatch(filter, fieldKnowledge(schema, field, range));
  });
}

/** Whether a manifest may list matching files, judged by its partition summaries. */
export function manifestMayMatch(filter: Filter, schema: Schema, spec: BoundSpec, line: ManifestFile): boolean {
  const { partitions } = line;
  if (!partitions) return true;
  return partitionFields(spec).every(({ field, index }) => {
    const summary = partitions[index];
    if (!summary) return true;
    const decode = (bytes: Buffer | undefined): Comparable | undefined =>
      bytes === undefined ? undefined : (decodeValue(field.resultType, bytes) ?? undefined);
    return mayMatch(
      filter,
      fieldKnowledge(schema, field, {
        lower: decode(summary.lower),
        upper: decode(summary.upper),
        mayBeNull: summary.containsNull,
        mayBeValue: summary.lower !== undefined || summary.containsNan !== false,
        mayBeNan: summary.containsNan !== false,
      }),
    );
  });
}

/**
 * Whether every row of a file is certain to match, so that the file can go without being read: no row can fail the
 * filter, and none can make it null.
 */
export function fileSurelyMatches(filter: Filter, schema: Schema, spec: BoundSpec, file: DataFile): boolean {
  const doubt: Filter = {
    op: "or",
    filters: [{ op: "not", filter }, ...filterColumns(filter).map((column) => ({ op: "is-null" as const, column }))],
  };
  return !fileMayMatch(doubt, schema, file) || !partitionMayMatch(doubt, schema, spec, file.partition);
}

const telling = new WeakMap<BoundSpec, readonly { field: BoundPartitionField; index: number }[]>();

/** Fields that tell something of their source: all but those that keep nothing of it (void). */
function partitionFields(spec: BoundSpec): readonly { field: BoundPartitionField; index: number }[] {
  let fields = telling.get(spec);
  if (!fields) {
    fields = spec.fields
      .map((field, index) => ({ field, index }))
      .filter(({ field }) => field.transform.kind !== "void");
    telling.set(spec, fields);
  }
  return fields;
}

function fieldKnowledge(schema: Schema, field: BoundPartitionField, range: Range): Knowledge {
  const isSource = (column: string): boolean => fieldNamed(schema, column)?.id === field.sourceId;
  return {
    range: (column) => {
      if (!isSource(column)) return ANYTHING;
      const { kind } = field.transform;
      return { ...range, truncated: kind !== "identity", hashed: kind === "bucket" };
    },
    literal: (column, value) => {
      if (!isSource(column)) return null;
      const literal = literalOf(schema, column, value);
      return literal === null ? null : projected(field, literal);
    },
    aligned: (column, value) => {
      const literal = isSource(column) ? literalOf(schema, column, value) : null;
      if (typeof literal !== "bigint") return false;
      const before = projected(field, literal - 1n);
      return before !== null && before !== projected(field, literal);
    },
  };
}

/** Spec "Truncate Transform Details": numbers down to a multiple of the width (of the unscaled value), texts to code points. */
function truncated(literal: Comparable, width: number): Comparable | null {
  if (Buffer.isBuffer(literal)) return Buffer.from(truncateText(literal.toString("utf8"), width), "utf8");
  if (typeof literal !== "bigint") return null;
  return floorDiv(literal, BigInt(width)) * BigInt(width);
}

const HOUR_US = 3_600_000_000n;
const DAY_US = 86_400_000_000n;
const floorDiv = (value: bigint, by: bigint): bigint => (value >= 0n ? value / by : -((-value + by - 1n) / by));

function projected(field: BoundPartitionField, literal: Comparable): Comparable | null {
  const { kind } = field.transform;
  if (kind === "identity") return literal;
  if (field.transform.kind === "bucket") return bucketOf(field.transform.width, field.sourceType, literal);
  if (field.transform.kind === "truncate") return truncated(literal, field.transform.width);
  if (typeof literal !== "bigint") return null;
  const isDate = parsePrimitive(field.sourceType).kind === "date";
  if (kind === "hour") return isDate ? null : floorDiv(literal, HOUR_US);
  const days = isDate ? literal : floorDiv(literal, DAY_US);
  if (kind === "day") return days;
  const date = new Date(Number(days) * 86_400_000);
  const years = BigInt(date.getUTCFullYear() - 1970);
  if (kind === "year") return years;
  return kind === "month" ? years * 12n + BigInt(date.getUTCMonth()) : null;
}
