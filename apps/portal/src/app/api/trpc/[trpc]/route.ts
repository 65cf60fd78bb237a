import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { appRouter } from "@/server/root.ts";
import { createRequestContext } from "@/server/trpc.ts";

const handler = (request: Request): Promise<Response> =>
  fetchRequestHandler({ endpoint: "/api/trpc", req: request, router: appRouter, createContext: createRequestContext });

export { handler as GET, handler as POST };
