import "server-only";
import { initTRPC, TRPCError } from "@trpc/server";
import superjson from "superjson";
import { z, ZodError } from "zod";
import { type Action, may } from "@nova/pipeline-core/access";
import { asPlatformError, type ErrorKind, isPlatformError, POLICY } from "@nova/pipeline-core/kernel";
import { container, type Container } from "./container.ts";
import { currentUser, type SignedInUser } from "./session.ts";

export interface RequestContext extends Container {
  readonly user: SignedInUser | null;
}

/** The person is read from the database at every request, so a changed role or grant counts at once. */
export async function createRequestContext(): Promise<RequestContext> {
  return { ...container(), user: await currentUser() };
}

const t = initTRPC
  .context<RequestContext>()
  .meta<{ action: Action }>()
  .create({
    transformer: superjson,
    sse: {
      ping: { enabled: true, intervalMs: 5_000 },
      // Reconnecting now and then re-reads who the reader is.
      maxDurationMs: 5 * 60_000,
      client: { reconnectAfterInactivityMs: 15_000 },
    },
    errorFormatter({ shape, error }) {
      const cause = error.cause;
      const kind: ErrorKind | null = isPlatformError(cause) ? cause.kind : null;
      const fields = cause instanceof ZodError ? z.prettifyError(cause) : null;
      return {
        ...shape,
        message: fields ?? (kind === "internal" ? "Something went wrong on our side." : shape.message),
        data: {
          code: shape.data.code,
          path: shape.data.path,
          kind,
          remedy: kind === null ? null : POLICY[kind].remedy,
        },
      };
    },
  });

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** The only way to make a procedure: it names its action and lets in the roles that MATRIX names for it. */
export function procedure(action: Action) {
  return t.procedure.meta({ action }).use(async ({ ctx, next }) => {
    if (ctx.user === null) throw new TRPCError({ code: "UNAUTHORIZED", message: "Sign in to go on." });
    if (!may(ctx.user.role, action)) {
      throw new TRPCError({ code: "FORBIDDEN", message: `Your role does not include "${action}".` });
    }
    const result = await next({ ctx: { ...ctx, user: ctx.user } });
    if (result.ok || result.error.code !== "INTERNAL_SERVER_ERROR") return result;
    const failure = asPlatformError(unreachable(result.error.cause) ?? result.error.cause);
    throw new TRPCError({
      code: HTTP_CODE[failure.kind] ?? "INTERNAL_SERVER_ERROR",
      message: failure.message,
      cause: failure,
    });
  });
}

const HTTP_CODE: Partial<Record<ErrorKind, TRPCError["code"]>> = {
  "invalid-input": "BAD_REQUEST",
  "query-refused": "BAD_REQUEST",
  "query-limit": "BAD_REQUEST",
  "not-found": "NOT_FOUND",
  forbidden: "FORBIDDEN",
  conflict: "CONFLICT",
  overloaded: "TOO_MANY_REQUESTS",
  "metadata-unreachable": "SERVICE_UNAVAILABLE",
  "source-unreachable": "BAD_GATEWAY",
};

/** A metadata PostgreSQL that cannot be reached is said as such instead of as a fault of ours. */
function unreachable(cause: unknown): unknown {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const lost = /^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTFOUND|57P0[123]|08\d{3})$/.test(code);
  const timedOut = cause instanceof Error && cause.message.includes("timeout exceeded when trying to connect");
  return lost || timedOut
    ? asPlatformError(new Error("The metadata PostgreSQL does not answer.", { cause }), "metadata-unreachable")
    : undefined;
}
