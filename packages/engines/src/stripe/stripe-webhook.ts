import { type Clock, PlatformError } from "@nova/pipeline-core/kernel";
import type { Quarantine, SourceId } from "@nova/pipeline-core/connectors";
import Stripe from "stripe";
import type { Spool } from "../spool/index.ts";
import { refusedEvent } from "./refused-event.ts";
import { readStripeEvent } from "./stripe-event.ts";

/**
 * Takes signed webhooks. When `accept` returns, the event is on disk, or in quarantine when it is signed and yet none that we
 * take: refused, Stripe would send it for three days and then shut the endpoint for all others. Throws `payload-rejected` for
 * what is not Stripe's.
 */
export interface StripeWebhook {
  accept(body: Buffer, signature: string | undefined): Promise<void>;
}

export interface StripeWebhookOptions {
  readonly source: SourceId;
  readonly spool: Spool;
  readonly quarantine: Quarantine;
  readonly clock: Clock;
  /** Several while a secret is being rotated; any of them may have signed. */
  readonly secrets: readonly string[];
  /** As `readStripeEvent` has it. */
  readonly livemode: boolean | null;
  /** How old a signature may be, in seconds; Stripe recommends 300. */
  readonly toleranceSeconds: number;
}

const KEPT_PAYLOAD = 1_000;

export function stripeWebhook(options: StripeWebhookOptions): StripeWebhook {
  // Only its signature check is used here; it asks the service nothing.
  const { webhooks } = new Stripe("sk_unused");

  const refuse = async (detail: string, body: Buffer): Promise<never> => {
    const payload = body.toString("utf8").slice(0, KEPT_PAYLOAD);
    const receivedAt = options.clock.now();
    await options.quarantine.add([
      { source: options.source, stream: null, reason: "bad-signature", detail, payload, receivedAt },
    ]);
    throw new PlatformError("payload-rejected", detail);
  };

  return {
    async accept(body, signature) {
      const text = body.toString("utf8");
      const problem =
        signature === undefined
          ? "the Stripe-Signature header is missing"
          : signatureProblem(webhooks, options, text, signature);
      if (problem !== null) return refuse(problem, body);
      const read = readStripeEvent(parseJson(text), options.livemode);
      if (!read.ok) {
        await options.quarantine.add([refusedEvent(options.source, read.problem, text, options.clock.now())]);
        return;
      }
      const line = Buffer.from(`${JSON.stringify(read.event)}\n`);
      await options.spool.append({ batchId: read.event.id, rows: 1, render: () => line });
    },
  };
}

/** What is wrong with the signature, in words without any of its bytes; null when one of the secrets made it. */
function signatureProblem(
  webhooks: Stripe["webhooks"],
  options: StripeWebhookOptions,
  text: string,
  signature: string,
): string | null {
  let problem = "no webhook secret is configured";
  for (const secret of options.secrets) {
    try {
      webhooks.signature?.verifyHeader(
        text,
        signature,
        secret,
        options.toleranceSeconds,
        undefined,
        options.clock.now().getTime(),
      );
      return null;
    } catch (error) {
      if (!(error instanceof Stripe.errors.StripeSignatureVerificationError)) throw error;
      // Only the secret that made the signature can find it too old.
      if (error.message.includes("tolerance")) return "the signature is older than the tolerance";
      problem = "the signature does not fit the body";
    }
  }
  return problem;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // refused by the schema
  }
}
