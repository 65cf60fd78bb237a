import { isPlatformError, PlatformError } from "@nova/pipeline-core/kernel";
import Stripe from "stripe";

/** Messages of the library name the request, never card or customer data. */
export function stripeFailure(error: unknown): PlatformError {
  if (isPlatformError(error)) return error;
  const { errors } = Stripe;
  if (error instanceof errors.StripeAuthenticationError || error instanceof errors.StripePermissionError) {
    return new PlatformError("source-auth", `Stripe refuses the API key: ${error.message}`, { cause: error });
  }
  if (error instanceof errors.StripeRateLimitError)
    return new PlatformError("source-budget", "Stripe asks for fewer requests", { cause: error });
  if (error instanceof errors.StripeInvalidRequestError)
    return new PlatformError("source-misconfigured", `Stripe refuses the request: ${error.message}`, { cause: error });
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof errors.StripeError)
    return new PlatformError("source-unreachable", `Stripe did not answer: ${message}`, { cause: error });
  return new PlatformError("internal", message, { cause: error });
}
