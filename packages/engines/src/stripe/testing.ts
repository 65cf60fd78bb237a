import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface TestEvent {
  readonly id: string;
  readonly type: string;
  readonly created: number;
}

export interface TestObject {
  readonly id: string;
  readonly object: string;
}

/** The calls of Stripe's API that capture makes: the event list, lists of objects, and single objects. */
export interface TestStripe<Event extends TestEvent = TestEvent> {
  readonly url: string;
  listed: Event[];
  /** Objects as they are now, by id, in the order they were made. */
  readonly objects: Map<string, TestObject>;
  requests: URL[];
  /** What every call is answered with; 200 = as it should be. */
  status: number;
  /** Whether the key may read single objects. */
  mayRead: boolean;
  close(): Promise<void>;
}

export async function startTestStripe<Event extends TestEvent>(): Promise<TestStripe<Event>> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://stripe");
    api.requests.push(url);
    response.setHeader("content-type", "application/json");
    response.statusCode = api.status;
    if (api.status !== 200) return fail(response, "no");
    const after = url.searchParams.get("starting_after");
    if (after !== null && !api.objects.has(after) && !api.listed.some(({ id }) => id === after)) {
      response.statusCode = 400;
      return fail(response, `No such object: '${after}'`, "resource_missing", "starting_after");
    }
    if (url.pathname === "/v1/events") return response.end(JSON.stringify(eventPage(api.listed, url.searchParams)));
    if (!api.mayRead) {
      response.statusCode = 403;
      return fail(response, "The provided key does not have access");
    }
    if (url.pathname.split("/").length === 3) {
      const [, , collection = ""] = url.pathname.split("/");
      const listed = [...api.objects.values()].filter(({ object }) => `${object}s` === collection);
      return response.end(JSON.stringify(page(listed.toReversed(), url.searchParams, url.pathname)));
    }
    const object = api.objects.get(url.pathname.split("/").at(-1) ?? "");
    response.statusCode = object === undefined ? 404 : 200;
    return object === undefined
      ? fail(response, "No such object", "resource_missing")
      : response.end(JSON.stringify(object));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const api: TestStripe<Event> = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    listed: [],
    objects: new Map(),
    requests: [],
    status: 200,
    mayRead: true,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return api;
}

function fail(response: ServerResponse, message: string, code?: string, param?: string): ServerResponse {
  return response.end(JSON.stringify({ error: { type: "invalid_request_error", message, code, param } }));
}

/** As Stripe pages it: newest first, `starting_after` an id; or the page next to `ending_before`. */
function eventPage(listed: readonly TestEvent[], asked: URLSearchParams): object {
  const from = Number(asked.get("created[gte]") ?? 0);
  const type = (asked.get("type") ?? "*").replace("*", "");
  const all = listed
    .filter((each) => each.created >= from && each.type.startsWith(type))
    .toSorted((left, right) => right.created - left.created);
  return page(all, asked, "/v1/events");
}

function page(all: readonly { readonly id: string }[], asked: URLSearchParams, url: string): object {
  const limit = Number(asked.get("limit"));
  const start = all.findIndex((each) => each.id === asked.get("starting_after")) + 1;
  const end = all.findIndex((each) => each.id === asked.get("ending_before"));
  return {
    object: "list",
    data: end < 0 ? all.slice(start, start + limit) : all.slice(Math.max(0, end - limit), end),
    has_more: end < 0 ? start + limit < all.length : end > limit,
    url,
  };
}
