import { PEOPLE } from "../people.ts";
import { burstingService } from "./error-burst.ts";
import { type Route, SHOP_SERVICES, type ShopService } from "./shop-services.ts";

export type Level = "debug" | "info" | "warn" | "error";

/** One thing a service has to say. Every text in it is free of quotes and control characters, but for `stack`. */
export interface LogEvent {
  readonly service: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly level: Level;
  readonly message: string;
  readonly route: Route;
  readonly status: number;
  readonly durationMs: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly pod: string;
  readonly version: string;
  /** 0 when unknown. */
  readonly customerId: number;
  readonly orderId: number;
  readonly error: { readonly type: string; readonly stack: string } | null;
}

/** Uniform 32-bit numbers (xorshift); one call is a few nanoseconds. */
export type Random = () => number;

export function createRandom(seed: number): Random {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>>= 0);
  };
}

const ORDERS = 200_000;
const HEX = Array.from({ length: 65_536 }, (_, value) => value.toString(16).padStart(4, "0"));
const hex8 = (value: number): string => (HEX[value >>> 16] ?? "") + (HEX[value & 0xffff] ?? "");

const PODS = SHOP_SERVICES.map((service, index) =>
  Array.from(
    { length: service.pods },
    (_, pod) =>
      `${service.name}-7c${hex8((index * 40_503 + pod * 9_973) >>> 0).slice(2)}-${"bcdfg"[pod % 5] ?? "b"}x${pod}q8`,
  ),
);
const STACKS = SHOP_SERVICES.map((service) =>
  service.errors.map(
    ({ type, message, at }) => `${type}: ${message}\n    at ${at}\n    at handle (/srv/${service.name}/server:41)`,
  ),
);
/** One entry a per cent of traffic. */
const BY_SHARE = SHOP_SERVICES.flatMap((service, index) => Array.from({ length: service.share }, () => index));

function serviceAt(index: number): ShopService {
  const service = SHOP_SERVICES[index];
  if (service === undefined) throw new RangeError(`no service ${index}`);
  return service;
}

/** In a burst four in ten requests fail; else one in two hundred. */
function outcome(random: Random, bursting: boolean): { level: Level; status: number } {
  const roll = random() % 1000;
  if (roll < (bursting ? 400 : 5)) return { level: "error", status: roll % 3 === 0 ? 503 : 500 };
  if (roll < (bursting ? 550 : 35)) return { level: "warn", status: roll % 2 === 0 ? 404 : 422 };
  return { level: roll > 920 ? "debug" : "info", status: 200 };
}

/** The next event of the shop at `at`. */
export function nextEvent(random: Random, at: number): LogEvent {
  const index = BY_SHARE[random() % BY_SHARE.length] ?? 0;
  const service = serviceAt(index);
  const bursting = burstingService(at, SHOP_SERVICES.length) === index;
  const route = service.routes[random() % service.routes.length] as Route;
  const { level, status } = outcome(random, bursting);
  const which = random() % service.errors.length;
  const failure = level === "error" ? service.errors[which] : undefined;
  const spread = 0.5 + (random() % 1000) / 800 + (random() % 50 === 0 ? 6 : 0);
  const known = random();
  return {
    service: index,
    at,
    level,
    message: failure?.message ?? (status === 200 ? route.message : status === 404 ? "not found" : "request refused"),
    route,
    status,
    durationMs: Math.round(route.baseMs * spread * (bursting ? 8 : 1) * 100) / 100,
    traceId: hex8(random()) + hex8(random()) + hex8(random()) + hex8(random()),
    spanId: hex8(random()) + hex8(random()),
    pod: PODS[index]?.[random() % service.pods] ?? "",
    version: service.version,
    customerId: known % 100 < 35 ? 1 + (known % PEOPLE) : 0,
    orderId: route.order && known % 10 < 9 ? 1 + (random() % ORDERS) : 0,
    error: failure === undefined ? null : { type: failure.type, stack: STACKS[index]?.[which] ?? "" },
  };
}
