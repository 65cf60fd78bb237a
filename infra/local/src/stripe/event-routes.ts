import type { FastifyInstance } from "fastify";
import type { EventIndex } from "./event-index.ts";
import { type EventCode, eventCodeOf, type Happening } from "./event-kinds.ts";
import { readListParameters } from "./list-parameters.ts";
import type { CustomerRow, OrderRows } from "./order-rows.ts";
import { renderEvent, rowsOf, type StripeEvent } from "./stripe-events.ts";
import { invalid, missing } from "./stripe-fault.ts";

const SECOND = 1000;
/** Stripe lists events of the last 30 days. */
const LISTED_FOR = 30 * 86_400;

const queryOf = (url: string): URLSearchParams => new URLSearchParams(url.split("?")[1] ?? "");

/** `charge.*` names all types of that kind. */
function typeTest(names: readonly string[], all: readonly string[]): ReadonlySet<string> | null {
  if (names.length === 0) return null;
  return new Set(
    all.filter((type) =>
      names.some(
        (name) => name === "*" || name === type || (name.endsWith(".*") && type.startsWith(name.slice(0, -1))),
      ),
    ),
  );
}

/** `GET /v1/events` and `/v1/events/:id`: the truth that webhooks only announce. */
export function registerEventRoutes(
  app: FastifyInstance,
  index: EventIndex,
  { rows, closed }: { readonly rows: OrderRows; readonly closed: ReadonlyMap<number, CustomerRow> },
  types: readonly string[],
  now: () => number,
): void {
  const cursorOf = (name: string, id: string | null): EventCode | null => {
    if (id === null) return null;
    const code = eventCodeOf(id);
    if (code === null || index.createdOf(code) === undefined)
      throw invalid(name, `No such event: '${id}'`, "resource_missing");
    return code;
  };

  async function render(found: readonly Happening[]): Promise<StripeEvent[]> {
    const eventRows = await rowsOf(found, rows, closed);
    return found.map((happening) => renderEvent(happening, eventRows, 0)).filter((event) => event !== null);
  }

  app.get("/v1/events", async (request) => {
    const parameters = readListParameters(queryOf(request.url), ["type", "types", "delivery_success"]);
    const wanted = [...(parameters.filters.get("type") ?? []), ...(parameters.filters.get("types") ?? [])];
    const newerThan = cursorOf("ending_before", parameters.endingBefore);
    const query = {
      types: typeTest(wanted, types),
      from: Math.max(parameters.from, Math.floor(now() / SECOND) - LISTED_FOR),
      to: parameters.to,
      newerThan,
      limit: parameters.limit + 1,
    };
    let olderThan = cursorOf("starting_after", parameters.startingAfter);
    let nearest = newerThan;
    const data: StripeEvent[] = [];
    let hasMore = false;
    // Events of erased rows show as nothing: an empty page before the end would stop a client that pages.
    do {
      const found = index.find({ ...query, olderThan, newerThan: nearest });
      hasMore = found.length > parameters.limit;
      const page = found.slice(0, parameters.limit);
      data.push(...(await render(page)));
      const last = page.at(-1)?.code ?? null;
      if (nearest === null) olderThan = last;
      else nearest = last;
    } while (data.length === 0 && hasMore);
    return {
      object: "list",
      url: "/v1/events",
      has_more: hasMore,
      data: newerThan === null ? data : data.toReversed(),
    };
  });

  app.get<{ Params: { id: string } }>("/v1/events/:id", async (request) => {
    const code = eventCodeOf(request.params.id);
    const created = code === null ? undefined : index.createdOf(code);
    const [event] = code === null || created === undefined ? [] : await render([{ code, created }]);
    if (event === undefined) throw missing("event", request.params.id);
    return event;
  });
}
