import { createHmac } from "node:crypto";

/** Stripe's scheme: `t=<seconds>,v1=<HMAC-SHA256 of "t.body" in hex>`. */
export function signWebhook(rawBody: string, secret: string, at: number): string {
  return `t=${at},v1=${createHmac("sha256", secret).update(`${at}.${rawBody}`).digest("hex")}`;
}
