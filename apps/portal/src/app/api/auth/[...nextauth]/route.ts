import type { NextRequest } from "next/server";
import nextAuth from "next-auth";
import { authOptions } from "@/server/auth.ts";

interface Context {
  readonly params: Promise<{ nextauth: string[] }>;
}

const handler = (request: NextRequest, context: Context): Promise<Response> =>
  nextAuth(request, context, authOptions());

export { handler as GET, handler as POST };
