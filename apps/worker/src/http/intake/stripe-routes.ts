import { asPlatformError, type Logger } from "@nova/pipeline-core/kernel";
import type { StripeWebhook } from "@nova/engines/stripe";
import type { FastifyInstance } from "fastify";
import { acceptRawBodies, readBody } from "./raw-body.ts";

export interface StripeRoutesDeps {
  /** Null: Stripe is not configured, and the route answers 404. */
  readonly stripe: StripeWebhook | null;
  readonly logger: Logger;
  /** Told of every webhook that was not taken. */
  readonly refused?: (why: "refused" | "spool-full" | "failed") => void;
}

/** `POST /webhooks/stripe`. 200 means: verified and on disk; 400: not signed by Stripe; 503: Stripe shall try again. */
export async function registerStripeWebhook(
  app: FastifyInstance,
  { stripe, logger, refused: tell }: StripeRoutesDeps,
): Promise<void> {
  if (stripe === null) return;
  await app.register(async (scope) => {
    acceptRawBodies(scope);
    scope.post("/webhooks/stripe", async (request, reply) => {
      const signature = request.headers["stripe-signature"];
      try {
        await stripe.accept(await readBody(request), typeof signature === "string" ? signature : undefined);
        return await reply.send({ received: true });
      } catch (error) {
        const failure = asPlatformError(error);
        const refused = failure.kind === "payload-rejected";
        tell?.(refused ? "refused" : failure.kind === "overloaded" ? "spool-full" : "failed");
        if (!refused && failure.kind !== "overloaded")
          logger.error("a Stripe event was not taken", { kind: failure.kind, error });
        return reply.code(refused ? 400 : 503).send({ error: failure.message });
      }
    });
  });
}
