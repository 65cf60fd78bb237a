import { setTimeout as sleep } from "node:timers/promises";
import { IcebergError } from "../../errors.ts";
import type { RestAuth, RestRequest } from "./auth/auth.ts";
import { stringifyWithLongs } from "../../metadata/json-longs.ts";

export interface TransportOptions {
  readonly auth: RestAuth;
  /** Sent with every request, e.g. `X-Iceberg-Access-Delegation`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Attempts of a request that the service says it did not take (429, 503 with Retry-After) or that only reads. Default 5. */
  readonly maxAttempts?: number | undefined;
  /** Per attempt, milliseconds. Default 60,000. */
  readonly timeoutMs?: number | undefined;
  readonly wait?: ((milliseconds: number) => Promise<void>) | undefined;
  /** A number in [0, 1) for jitter. */
  readonly random?: (() => number) | undefined;
}

/** A service's answer of any status. */
export interface RestAnswer {
  readonly status: number;
  readonly text: string;
  /** Error type of the service's error model, e.g. `NoSuchTableException`. */
  readonly type: string;
  readonly message: string;
  /** An earlier attempt ended without saying whether it took effect. */
  readonly afterUnknown: boolean;
}

/** No answer came; the request may or may not have taken effect, unless `refused`: then it never left. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly refused: boolean;
  constructor(refused: boolean, cause: unknown) {
    super("no answer", { cause });
    this.refused = refused;
  }
}

export interface Transport {
  readonly send: (method: RestRequest["method"], url: URL, body?: unknown) => Promise<RestAnswer>;
}

/** Sends requests with bounded retries: reads whenever the service is unwell, changes only when it says it refused them. */
export function transport(options: TransportOptions): Transport {
  const attempts = Math.max(1, options.maxAttempts ?? 5);
  const wait = options.wait ?? (async (milliseconds: number) => sleep(milliseconds));
  const random = options.random ?? Math.random;

  return {
    send: async (method, url, body) => {
      const reads = method === "GET" || method === "HEAD";
      const text = body === undefined ? undefined : stringifyWithLongs(body);
      let renewed = false;
      let afterUnknown = false;
      for (let attempt = 1; ; attempt += 1) {
        let response: Response;
        let answer: string;
        try {
          response = await attemptOnce(options, method, url, text);
          answer = await response.text();
        } catch (error) {
          if (error instanceof IcebergError) throw error;
          const refused = neverLeft(error);
          if (attempt >= attempts || !(reads || refused)) throw new NoAnswer(refused && !afterUnknown, error);
          await wait(backoff(attempt, random));
          continue;
        }
        if (response.status === 401 && !renewed && options.auth.renew?.()) {
          renewed = true;
          attempt -= 1;
          continue;
        }
        const after = retryAfter(response);
        const again =
          response.status === 429 ||
          (response.status === 503 && (reads || after !== null)) ||
          (reads && (response.status === 502 || response.status === 504));
        if (again && attempt < attempts) {
          // "Come back later" is a refusal by the specification, but a proxy may say it after the service had begun.
          if (response.status === 503) afterUnknown = true;
          await wait(after ?? backoff(attempt, random));
          continue;
        }
        return { status: response.status, text: answer, afterUnknown, ...errorOf(answer) };
      }
    },
  };
}

async function attemptOnce(
  options: TransportOptions,
  method: RestRequest["method"],
  url: URL,
  body: string | undefined,
): Promise<Response> {
  const headers = {
    accept: "application/json",
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...options.headers,
  };
  return fetch(url, {
    method,
    headers: await options.auth.headers({ method, url, headers, body }),
    ...(body === undefined ? {} : { body }),
    redirect: "error", // a signature or token must not travel to another host
    signal: AbortSignal.timeout(options.timeoutMs ?? 60_000),
  });
}

/** Exponential from 100 ms to 10 s with full jitter. */
function backoff(attempt: number, random: () => number): number {
  return Math.min(10_000, 100 * 2 ** (attempt - 1)) * (0.5 + random() / 2);
}

/** Retry-After in milliseconds, at most a minute; null when there is none that can be read. */
function retryAfter(response: Response): number | null {
  const text = response.headers.get("retry-after");
  if (text === null) return null;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.min(60_000, Math.max(0, seconds * 1000));
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.min(60_000, Math.max(0, at - Date.parse(response.headers.get("date") ?? text)));
}

/** Failures before a connection stood. */
function neverLeft(error: unknown): boolean {
  const code = ((error as Error).cause as { code?: string } | undefined)?.code;
  return code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "UND_ERR_CONNECT_TIMEOUT";
}

/** The error model: `{ "error": { message, type, code } }`; AWS gateways answer `{ "message", "__type" }`. */
function errorOf(text: string): { type: string; message: string } {
  try {
    const json = JSON.parse(text) as { error?: Record<string, unknown> } & Record<string, unknown>;
    const error = json.error ?? json;
    const type = error["type"] ?? error["__type"];
    return {
      type: typeof type === "string" ? (type.split(/[#.]/).at(-1) as string) : "",
      message: [error["message"], error["Message"]].find((text) => typeof text === "string") ?? "",
    };
  } catch {
    return { type: "", message: "" };
  }
}
