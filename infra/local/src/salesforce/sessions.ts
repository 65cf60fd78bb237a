import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { faultOf } from "./api-fault.ts";
import { recordId } from "./record-id.ts";

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly password: string;
}

export const ORGANIZATION_ID = recordId("00D", 1);
export const USER_ID = recordId("005", 1);

/** A refusal of the OAuth endpoints, which word errors in another way than the REST API. */
export class OAuthRefusal extends Error {
  readonly error: string;

  constructor(error: string, description: string) {
    super(description);
    this.name = "OAuthRefusal";
    this.error = error;
  }
}

export interface Sessions {
  /** Answers `/services/oauth2/token`; throws `OAuthRefusal`. */
  token(form: Readonly<Record<string, string>>, instanceUrl: string): object;
  /** A session by user name and password, as the SOAP login gives; null when they are wrong. */
  login(username: string, password: string): string | null;
  /** Throws INVALID_SESSION_ID unless the token is a live session's. */
  check(accessToken: string | undefined): void;
  revoke(token: string): void;
  /** Ends every session; refresh tokens stay good. */
  expireAll(): void;
}

const same = (given: string | undefined, expected: string): boolean => {
  const [a, b] = [Buffer.from(given ?? ""), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
};

/** The org's sessions. A token lives `lifetimeMs`, then answers INVALID_SESSION_ID and must be renewed. */
export function createSessions(credentials: Credentials, lifetimeMs: number, now: () => number): Sessions {
  const liveUntil = new Map<string, number>();
  const refreshTokens = new Set<string>();

  function open(): string {
    for (const [token, until] of liveUntil) if (until <= now()) liveUntil.delete(token);
    const token = `${ORGANIZATION_ID.slice(0, 15)}!AQ${randomBytes(48).toString("base64url").replaceAll("-", ".")}`;
    liveUntil.set(token, now() + lifetimeMs);
    return token;
  }

  const login = (username: string | undefined, password: string | undefined): string | null =>
    same(username, credentials.username) && same(password, credentials.password) ? open() : null;

  function grant(form: Readonly<Record<string, string>>): { access: string; refresh: string | null } {
    switch (form.grant_type) {
      case "password": {
        const access = login(form.username, form.password);
        if (access === null) throw new OAuthRefusal("invalid_grant", "authentication failure");
        const refresh = `5Aep${randomBytes(32).toString("base64url")}`;
        refreshTokens.add(refresh);
        return { access, refresh };
      }
      case "client_credentials":
        return { access: open(), refresh: null };
      case "refresh_token":
        if (!refreshTokens.has(form.refresh_token ?? ""))
          throw new OAuthRefusal("invalid_grant", "expired access/refresh token");
        return { access: open(), refresh: null };
      default:
        throw new OAuthRefusal("unsupported_grant_type", "grant type not supported");
    }
  }

  return {
    token(form, instanceUrl) {
      if (!same(form.client_id, credentials.clientId))
        throw new OAuthRefusal("invalid_client_id", "client identifier invalid");
      if (!same(form.client_secret, credentials.clientSecret))
        throw new OAuthRefusal("invalid_client", "invalid client credentials");
      const { access, refresh } = grant(form);
      const id = `${instanceUrl}/id/${ORGANIZATION_ID}/${USER_ID}`;
      const issuedAt = String(now());
      return {
        access_token: access,
        ...(refresh === null ? {} : { refresh_token: refresh }),
        instance_url: instanceUrl,
        id,
        token_type: "Bearer",
        scope: "api refresh_token",
        issued_at: issuedAt,
        signature: createHmac("sha256", credentials.clientSecret)
          .update(id + issuedAt)
          .digest("base64"),
      };
    },
    login,
    check(accessToken) {
      if (accessToken === undefined || (liveUntil.get(accessToken) ?? 0) <= now()) throw faultOf("INVALID_SESSION_ID");
    },
    revoke(token) {
      liveUntil.delete(token);
      refreshTokens.delete(token);
    },
    expireAll: () => liveUntil.clear(),
  };
}
