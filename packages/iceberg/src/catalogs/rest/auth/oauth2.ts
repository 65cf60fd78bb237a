import { z } from "zod";
import { IcebergError } from "../../../errors.ts";
import type { RestAuth } from "./auth.ts";

export interface OAuth2Options {
  /** Full address of the token endpoint. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Default "catalog", as other Iceberg clients ask for. */
  readonly scope?: string;
  /** Epoch milliseconds; default the system clock. */
  readonly clock?: () => number;
}

const answer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().optional() });
/** Tokens are renewed this long before they end. Milliseconds. */
const MARGIN = 60_000;
/** A token without an end is asked for anew after this time. Milliseconds. */
const UNSTATED_LIFETIME = 3_600_000;

/** OAuth2 client credentials (RFC 6749 §4.4). One token is shared by all requests and renewed a minute before it ends. */
export function oauth2Auth(options: OAuth2Options): RestAuth {
  const now = options.clock ?? Date.now;
  let current: { token: Promise<string>; until: number } | undefined;

  const fetchToken = async (): Promise<string> => {
    let response: Response;
    try {
      response = await fetch(options.tokenUrl, {
        method: "POST",
        headers: { "content-type": "application/x-www-form-urlencoded" },
        body: new URLSearchParams({
          grant_type: "client_credentials",
          client_id: options.clientId,
          client_secret: options.clientSecret,
          scope: options.scope ?? "catalog",
        }),
        signal: AbortSignal.timeout(30_000),
      });
    } catch (error) {
      throw new IcebergError("catalog-failed", "the token endpoint cannot be reached; check tokenUrl", {}, error);
    }
    const parsed = answer.safeParse(await response.json().catch(() => null));
    if (!response.ok || !parsed.success)
      throw new IcebergError(
        "access-denied",
        `the token endpoint answered ${response.status} without a token; check clientId, clientSecret and scope`,
        { status: response.status },
      );
    const lifetime = parsed.data.expires_in === undefined ? UNSTATED_LIFETIME : parsed.data.expires_in * 1000;
    if (current) current.until = now() + Math.max(0, lifetime - MARGIN);
    return parsed.data.access_token;
  };

  const token = async (): Promise<string> => {
    if (!current || now() >= current.until) {
      const asked = { token: Promise.resolve(""), until: Number.POSITIVE_INFINITY };
      current = asked;
      asked.token = fetchToken();
      // A refusal is not remembered: the next request asks again.
      asked.token.catch(() => {
        if (current === asked) current = undefined;
      });
    }
    return current.token;
  };
  return {
    headers: async (request) => ({ ...request.headers, authorization: `Bearer ${await token()}` }),
    renew: () => {
      current = undefined;
      return true;
    },
  };
}
