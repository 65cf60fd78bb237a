import { invalid } from "./stripe-fault.ts";

export interface ListParameters {
  readonly limit: number;
  readonly startingAfter: string | null;
  readonly endingBefore: string | null;
  /** Seconds, inclusive. */
  readonly from: number;
  readonly to: number;
  /** What else was asked: `type`, `types`, `customer`, `charge`, `payment_intent`. */
  readonly filters: ReadonlyMap<string, readonly string[]>;
}

const DEFAULT_LIMIT = 10;
const MAX_LIMIT = 100;

function wholeNumber(name: string, text: string): number {
  if (!/^-?\d+$/.test(text)) throw invalid(name, `Invalid integer: ${text}`, "parameter_invalid_integer");
  return Number(text);
}

/** Reads a list's query string in Stripe's notation: `created[gte]=…`, `types[0]=…` or `types[]=…`. */
export function readListParameters(query: URLSearchParams, allowed: readonly string[]): ListParameters {
  let limit = DEFAULT_LIMIT;
  let startingAfter: string | null = null;
  let endingBefore: string | null = null;
  let from = Number.NEGATIVE_INFINITY;
  let to = Number.POSITIVE_INFINITY;
  const filters = new Map<string, string[]>();
  for (const [name, value] of query) {
    const [, root = name, inner = ""] = /^(\w+)\[(\w*)\]$/.exec(name) ?? [];
    if (root === "limit") limit = wholeNumber("limit", value);
    else if (root === "starting_after") startingAfter = value;
    else if (root === "ending_before") endingBefore = value;
    else if (root === "created") {
      const at = wholeNumber(name, value);
      if (inner === "gte") from = Math.max(from, at);
      else if (inner === "gt") from = Math.max(from, at + 1);
      else if (inner === "lte") to = Math.min(to, at);
      else if (inner === "lt") to = Math.min(to, at - 1);
      else if (inner === "") [from, to] = [at, at];
      else throw invalid(name, `Received unknown parameter: ${name}`, "parameter_unknown");
    } else if (allowed.includes(root)) filters.set(root, [...(filters.get(root) ?? []), value]);
    // What to expand changes the shape of a reply, not which objects are in it; references stay ids here.
    else if (root !== "expand") throw invalid(name, `Received unknown parameter: ${name}`, "parameter_unknown");
  }
  if (limit < 1 || limit > MAX_LIMIT)
    throw invalid("limit", `Invalid integer: ${limit} must be between 1 and ${MAX_LIMIT}`, "parameter_invalid_integer");
  if (startingAfter !== null && endingBefore !== null)
    throw invalid("ending_before", "You may only specify one of starting_after and ending_before.");
  return { limit, startingAfter, endingBefore, from, to, filters };
}
