import type { StripeRow } from "./stripe-event.ts";

/** An object whose newest events Stripe gives no order: they share their second and what they tell of. */
export interface Tied {
  readonly stream: string;
  readonly id: string;
  /** Second and rank of its events, as positions begin. */
  readonly place: string;
}

/** Finds objects whose state the order of events cannot tell, so that it is read from Stripe instead. */
export interface SameSecond {
  /** Every event that comes or is listed, seen before or not. */
  see(row: StripeRow): void;
  /** Those found since the last call. */
  take(): readonly Tied[];
}

/** Objects that are remembered: events of one second stand close together, however they come. */
const REMEMBERED = 50_000;

export function sameSecond(): SameSecond {
  const seen = new Map<string, { readonly place: string; readonly events: Set<string> }>();
  let tied = new Map<string, Tied>();
  return {
    see({ stream, key, position }) {
      if (key === null) return;
      const at = position.lastIndexOf(".");
      const [place, event] = [position.slice(0, at), position.slice(at + 1)];
      const object = `${stream} ${key}`;
      const known = seen.get(object);
      if (known !== undefined && known.place > place) return;
      if (known?.place === place) {
        if (known.events.has(event)) return;
        known.events.add(event);
        const { id } = JSON.parse(key) as { readonly id: string };
        tied.set(object, { stream, id, place });
        return;
      }
      tied.delete(object);
      seen.delete(object);
      seen.set(object, { place, events: new Set([event]) });
      const [oldest] = seen.keys();
      if (seen.size > REMEMBERED && oldest !== undefined) seen.delete(oldest);
    },
    take() {
      const found = [...tied.values()];
      tied = new Map();
      return found;
    },
  };
}

/** Behind both events, before whatever comes later in the object's life. */
export function tiedPosition({ place }: Tied, readAt: Date): string {
  return `${place}.~${String(readAt.getTime()).padStart(15, "0")}`;
}
