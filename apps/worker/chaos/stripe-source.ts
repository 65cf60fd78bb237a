import { createHash, createHmac } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Random } from "./random.ts";
import { Repeated } from "./repeated.ts";

const PAUSE_MS = 60;
const RETRY_MS = 250;
const RANDOM_TWICE = 0.1;
const RANDOM_LATE = 0.2;
const LIFE = ["succeeded", "captured", "refunded"] as const;

interface Charge {
  readonly id: string;
  readonly object: "charge";
  readonly amount: number;
  amount_refunded: number;
  status: string;
}
interface Event {
  readonly id: string;
  readonly created: number;
  readonly type: string;
  readonly data: { readonly object: Charge };
}

/** What the API does wrong: a status, no answer at all, or half of one. */
export type ApiFault = { readonly status: number } | "silent" | "half";

/** An account whose charges go on, with webhooks as Stripe sends them: some never, some twice, some late. */
export class StripeSource {
  static readonly secret = "whsec_chaos";
  fault: ApiFault | null = null;
  /** Share of events that no webhook brings: only the event list has them, which the worker compares twice a minute. */
  unsent = 0;
  url = "";
  private readonly events: Event[] = [];
  private readonly random: Random;
  private readonly webhookUrl: string;
  private readonly server: Server;
  private readonly sending = new Set<Promise<void>>();
  private readonly traffic = new Repeated(() => this.charge(), PAUSE_MS);
  private closed = false;

  constructor(random: Random, webhookUrl: string) {
    this.random = random;
    this.webhookUrl = webhookUrl;
    this.server = createServer((request, response) =>
      this.answer(new URL(request.url ?? "", "http://stripe"), response),
    );
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    const address = this.server.address();
    this.url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  }

  start(): void {
    this.traffic.start();
  }

  /** Ends once every webhook that is meant to arrive has been taken. */
  async stop(): Promise<void> {
    await this.traffic.stop();
    await Promise.all(this.sending);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.traffic.stop();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** [events, checksum of their ids, charges, checksum of their newest states] */
  truth(): string[] {
    const newest = new Map<string, Charge>();
    for (const { data } of this.events) newest.set(data.object.id, data.object);
    const charges = [...newest.values()].sort((left, right) => (left.id < right.id ? -1 : 1));
    return [
      String(this.events.length),
      md5(this.events.map((event) => event.id).sort()),
      String(charges.length),
      md5(charges.map((charge) => `${charge.id}:${charge.amount}:${charge.amount_refunded}`)),
    ];
  }

  /** Ids from the positions: payloads are masked for whoever asks. */
  readonly lakeSql = `SELECT (SELECT count(*) FROM raw.stripe), (SELECT md5(string_agg(split_part(position, '.', 3), ',' ORDER BY split_part(position, '.', 3))) FROM raw.stripe),
      count(*), md5(string_agg(id || ':' || amount || ':' || amount_refunded, ',' ORDER BY id)) FROM staged.stripe__charge WHERE _deleted_at IS NULL`;

  private async charge(): Promise<void> {
    const number = String(this.events.length).padStart(8, "0");
    // The three events of one charge share a second, as they do at Stripe.
    const created = Math.floor(Date.now() / 1000);
    const charge: Charge = {
      id: `ch_${number}`,
      object: "charge",
      amount: 100 + this.events.length,
      amount_refunded: 0,
      status: "succeeded",
    };
    for (const [step, verb] of LIFE.entries()) {
      if (verb === "refunded") charge.amount_refunded = charge.amount;
      const event = {
        id: `evt_${number}${step}`,
        object: "event",
        created,
        livemode: false,
        type: `charge.${verb}`,
        data: { object: { ...charge } },
      };
      this.events.push(event);
      if (this.random() < this.unsent) continue;
      const times = this.random() < RANDOM_TWICE ? 2 : 1;
      for (let time = 0; time < times; time += 1)
        this.deliver(event, this.random() < RANDOM_LATE ? 2000 * this.random() : 0);
    }
  }

  private deliver(event: Event, lateMillis: number): void {
    const sending = this.send(JSON.stringify(event), lateMillis);
    this.sending.add(sending);
    void sending.finally(() => this.sending.delete(sending));
  }

  private async send(body: string, lateMillis: number): Promise<void> {
    await pause(lateMillis);
    while (!this.closed) {
      const at = Math.floor(Date.now() / 1000);
      const proof = createHmac("sha256", StripeSource.secret).update(`${at}.${body}`).digest("hex");
      try {
        const headers = { "content-type": "application/json", "stripe-signature": `t=${at},v1=${proof}` };
        const response = await fetch(this.webhookUrl, { method: "POST", body, headers });
        await response.arrayBuffer();
        if (response.ok) return;
        // A worker whose clock is wrong calls a signature too old. Stripe gives up one day; the event list brings the event.
        if (response.status === 400) return;
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      await pause(RETRY_MS);
    }
  }

  /** `GET /v1/events` as Stripe pages it: newest first. */
  private answer(url: URL, response: ServerResponse): void {
    const { fault } = this;
    if (fault === "silent") return;
    response.setHeader("content-type", "application/json");
    if (fault === "half") {
      response.write('{"object":"list","data":[');
      setTimeout(() => response.destroy(), 50);
      return;
    }
    if (fault !== null) {
      response.statusCode = fault.status;
      response.end(JSON.stringify({ error: { type: "api_error", message: "chaos" } }));
      return;
    }
    const { searchParams: asked } = url;
    const from = Number(asked.get("created[gte]") ?? 0);
    const limit = Number(asked.get("limit") ?? 10);
    const all = this.events.filter((event) => event.created >= from).toReversed();
    const start = all.findIndex((event) => event.id === asked.get("starting_after")) + 1;
    const end = all.findIndex((event) => event.id === asked.get("ending_before"));
    const data = end < 0 ? all.slice(start, start + limit) : all.slice(Math.max(0, end - limit), end);
    const more = end < 0 ? start + limit < all.length : end > limit;
    response.end(JSON.stringify({ object: "list", url: "/v1/events", data, has_more: more }));
  }
}

function md5(parts: readonly string[]): string {
  return createHash("md5").update(parts.join(",")).digest("hex");
}
