import { type EventCode, type EventType, type Happening, kindOf } from "./event-kinds.ts";

export interface EventQuery {
  /** All types when null. */
  readonly types: ReadonlySet<string> | null;
  /** Seconds, inclusive. */
  readonly from: number;
  readonly to: number;
  /** Only events older than this one. */
  readonly olderThan: EventCode | null;
  /** Only events newer than this one, the nearest to it first. */
  readonly newerThan: EventCode | null;
  readonly limit: number;
}

export interface EventIndex {
  /** Takes an event up; false when it is known. */
  add(happening: Happening): boolean;
  /** When a known event happened (s). */
  createdOf(code: EventCode): number | undefined;
  /** Matching events, newest first (or, with `newerThan`, nearest first). */
  find(query: EventQuery): Happening[];
  size(): number;
}

/** Finds the first place in `times` (rising) that is above `at`. */
function placeAfter(times: readonly number[], at: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Which events there are and when, without their contents: those are made from the order database when asked for.
 * Above `capacity` the oldest are forgotten.
 */
export function createEventIndex(capacity: number): EventIndex {
  const times: number[] = [];
  const codes: EventCode[] = [];
  const createdBy = new Map<EventCode, number>();
  const slack = Math.max(1_000, Math.floor(capacity / 10));

  function positionOf(code: EventCode): number | null {
    const created = createdBy.get(code);
    if (created === undefined) return null;
    for (let at = placeAfter(times, created) - 1; at >= 0 && times[at] === created; at -= 1)
      if (codes[at] === code) return at;
    return null;
  }

  return {
    add({ code, created }) {
      if (createdBy.has(code)) return false;
      createdBy.set(code, created);
      const place = placeAfter(times, created);
      if (place === times.length) {
        times.push(created);
        codes.push(code);
      } else {
        times.splice(place, 0, created);
        codes.splice(place, 0, code);
      }
      if (times.length > capacity + slack) {
        for (const old of codes.splice(0, slack)) createdBy.delete(old);
        times.splice(0, slack);
      }
      return true;
    },
    createdOf: (code) => createdBy.get(code),
    find({ types, from, to, olderThan, newerThan, limit }) {
      const found: Happening[] = [];
      const step = newerThan === null ? -1 : 1;
      const cursor = newerThan ?? olderThan;
      const start = cursor === null ? times.length : positionOf(cursor);
      if (start === null) return found;
      for (let at = start + step; at >= 0 && at < times.length && found.length < limit; at += step) {
        const created = times[at] ?? 0;
        const code = codes[at] ?? 0;
        if (created < from && step < 0) break;
        if (created < from || created > to) continue;
        if (types === null || types.has(kindOf(code).type satisfies EventType)) found.push({ code, created });
      }
      return found;
    },
    size: () => times.length,
  };
}
