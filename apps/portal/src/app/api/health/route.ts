import { isPlatformError } from "@nova/pipeline-core/kernel";
import { container } from "@/server/container.ts";

export const dynamic = "force-dynamic";

/** 200 while the portal can read its metadata; 503 with the remedy when it cannot. */
export async function GET(): Promise<Response> {
  try {
    await container().ping();
    return Response.json({ status: "ok" });
  } catch (error) {
    if (!isPlatformError(error)) throw error;
    return Response.json({ status: "unavailable", kind: error.kind, remedy: error.policy.remedy }, { status: 503 });
  }
}
