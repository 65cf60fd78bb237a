import { randomUUID } from "node:crypto";
import Fastify, { type FastifyInstance } from "fastify";
import { createCollections, listPage, retrieve } from "./collections.ts";
import { createEventIndex } from "./event-index.ts";
import { EVENT_KINDS } from "./event-kinds.ts";
import { registerEventRoutes } from "./event-routes.ts";
import { followOrders } from "./follow-orders.ts";
import { readListParameters } from "./list-parameters.ts";
import { openOrderRows } from "./order-rows.ts";
import { API_VERSION, renderEvent, rowsOf } from "./stripe-events.ts";
import { missing, StripeFault } from "./stripe-fault.ts";
import { createWebhookSender, type WebhookCounts } from "./webhook-sender.ts";

const SECOND = 1000;
const REPORT_EVERY = 30 * SECOND;
/** About 60K events are a week of the seeded history; the rest is room for days of live traffic. */
const EVENT_CAPACITY = 1_000_000;

export interface StripeOptions {
  /** 0 takes a free port. */
  readonly port: number;
  readonly apiKey: string;
  readonly ordersDbUrl: string;
  /** Without it events are only listed. */
  readonly webhook?: { readonly url: string; readonly secret: string };
  /** How often the order database is asked for changes (ms); default one second. */
  readonly pollMs?: number;
  readonly now?: () => number;
  readonly signal?: AbortSignal;
  readonly log: (line: string) => void;
}

export interface StripeStandIn {
  readonly url: string;
  /** Settles when the last week's events are listed. */
  readonly ready: Promise<void>;
  /** What the next calls shall answer; `times` defaults to 1. */
  failNext(failure: { readonly status: number; readonly times?: number }): void;
  webhookCounts(): Readonly<WebhookCounts> | null;
  close(): Promise<void>;
}

/** The key of a request: a bearer token, or the user name of basic authentication. */
function keyOf(authorization: string | undefined): string {
  const [scheme = "", value = ""] = (authorization ?? "").split(" ");
  return scheme.toLowerCase() === "basic" ? (Buffer.from(value, "base64").toString().split(":")[0] ?? "") : value;
}

const masked = (key: string): string =>
  `${key.slice(0, 8)}${"*".repeat(Math.max(4, key.length - 12))}${key.length > 12 ? key.slice(-4) : ""}`;

function checkKey(given: string, expected: string): void {
  if (given === "") {
    throw new StripeFault(
      401,
      "invalid_request_error",
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    );
  }
  if (given !== expected)
    throw new StripeFault(401, "invalid_request_error", `Invalid API Key provided: ${masked(given)}`);
}

function registerErrors(app: FastifyInstance, log: (line: string) => void): void {
  app.setNotFoundHandler((request, reply) => {
    const fault = new StripeFault(
      404,
      "invalid_request_error",
      `Unrecognized request URL (${request.method}: ${request.url.split("?")[0] ?? ""}).`,
    );
    return reply.code(404).send(fault.body());
  });
  app.setErrorHandler((error, request, reply) => {
    if (error instanceof StripeFault) return reply.code(error.status).send(error.body());
    log(
      `${request.method} ${request.url.split("?")[0] ?? ""} failed: ${error instanceof Error ? error.message : String(error)}`,
    );
    return reply.code(500).send(new StripeFault(500, "api_error", "Sorry, there was an error on our end.").body());
  });
}

/** Starts the Stripe stand-in on 127.0.0.1; it follows the order database and sends webhooks. The official `stripe` library works with it unmodified. */
export async function startStripe(options: StripeOptions): Promise<StripeStandIn> {
  const { log, now = Date.now, webhook } = options;
  const rows = openOrderRows(options.ordersDbUrl, log);
  const index = createEventIndex(EVENT_CAPACITY);
  const sender =
    webhook === undefined
      ? null
      : createWebhookSender({
          ...webhook,
          now,
          log,
          render: async (happenings) => {
            const eventRows = await rowsOf(happenings, rows, follower.closed);
            return happenings.map((happening) => renderEvent(happening, eventRows, 1));
          },
        });
  const follower = followOrders({
    rows,
    index,
    pollMs: options.pollMs ?? SECOND,
    now,
    log,
    onNews: (news) => sender?.notify(news),
  });
  const failures: number[] = [];

  const app = Fastify({ logger: false, forceCloseConnections: true });
  registerErrors(app, log);
  app.addHook("onRequest", async (request, reply) => {
    void reply
      .header("request-id", `req_${randomUUID().replaceAll("-", "").slice(0, 14)}`)
      .header("stripe-version", API_VERSION);
    checkKey(keyOf(request.headers.authorization), options.apiKey);
    const status = failures.shift();
    if (status === 429)
      throw new StripeFault(429, "invalid_request_error", "Request rate limit exceeded.", { code: "rate_limit" });
    if (status !== undefined) throw new StripeFault(status, "api_error", "Sorry, there was an error on our end.");
  });
  registerEventRoutes(
    app,
    index,
    { rows, closed: follower.closed },
    [...new Set(EVENT_KINDS.map(({ type }) => type))],
    now,
  );
  for (const collection of createCollections(rows)) {
    const root = `/v1/${collection.path}`;
    app.get(root, async (request) => {
      const parameters = readListParameters(new URLSearchParams(request.url.split("?")[1] ?? ""), collection.filters);
      const { data, hasMore } = await listPage(collection, parameters, now() / SECOND);
      return { object: "list", url: root, has_more: hasMore, data };
    });
    app.get<{ Params: { id: string } }>(`${root}/:id`, async (request) => {
      const object = await retrieve(collection, request.params.id, now() / SECOND);
      if (object === null) throw missing(collection.noun, request.params.id);
      return object;
    });
  }
  const url = await app.listen({ port: options.port, host: "127.0.0.1" });
  log(`Stripe stand-in on ${url}${webhook === undefined ? "" : `, notices to ${webhook.url}`}`);

  const reporting = setInterval(() => {
    const c = sender?.counts;
    log(
      `${index.size()} events listed${c === undefined ? "" : `; notices: ${c.delivered} delivered, ${sender?.waiting() ?? 0} wait, ${c.retries} retries, ${c.forgedSent} forged (${c.forgedAccepted} ACCEPTED), ${c.abandoned} abandoned`}`,
    );
  }, REPORT_EVERY);

  let closing: Promise<void> | undefined;
  async function stop(): Promise<void> {
    clearInterval(reporting);
    await Promise.all([app.close(), follower.stop(), sender?.close()]);
    await rows.close();
  }
  const close = (): Promise<void> => (closing ??= stop());
  options.signal?.addEventListener("abort", () => void close(), { once: true });
  return {
    url,
    ready: follower.ready,
    failNext: ({ status, times = 1 }) => failures.push(...Array.from({ length: times }, () => status)),
    webhookCounts: () => sender?.counts ?? null,
    close,
  };
}
