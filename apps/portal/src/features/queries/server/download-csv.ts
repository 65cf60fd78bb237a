import "server-only";
import { may } from "@nova/pipeline-core/access";
import { asPlatformError, type ErrorKind } from "@nova/pipeline-core/kernel";
import { container } from "@/server/container.ts";
import { currentUser } from "@/server/session.ts";
import { csvHead, csvRecord } from "../csv.ts";
import { parseQueryId } from "../query-search.ts";

const STATUS: Partial<Record<ErrorKind, number>> = { "not-found": 404, forbidden: 403, overloaded: 503 };

/** The result of a person's own query as CSV: the same rows, limits and masks as on screen, streamed. */
export async function downloadCsv(text: string): Promise<Response> {
  const user = await currentUser();
  if (user === null) return problem(401, "Sign in first.");
  if (!may(user.role, "query.run")) return problem(403, "Your role does not run queries.");
  const id = parseQueryId(text);
  if (id === null) return problem(404, "There is no such query.");
  const { queries } = container();
  try {
    const { state, columns } = await queries.status(id, user.userId);
    if (state === "running") return problem(409, "The query still runs; download when it has ended.");
    if (columns === null) return problem(409, "The query has no result to download.");
    let next: number | null = 0;
    const body = new ReadableStream<string>({
      start: (controller) => controller.enqueue(csvHead(columns)),
      async pull(controller) {
        if (next === null) return controller.close();
        const page = await queries.page(id, user.userId, next);
        next = page.next;
        controller.enqueue(page.rows.map(csvRecord).join(""));
      },
    });
    return new Response(body.pipeThrough(new TextEncoderStream()), {
      headers: {
        "content-type": "text/csv; charset=utf-8; header=present",
        "content-disposition": `attachment; filename="query-${id}.csv"`,
        "cache-control": "no-store",
      },
    });
  } catch (error) {
    const known = asPlatformError(error);
    return problem(STATUS[known.kind] ?? 500, known.kind === "internal" ? "Something went wrong." : known.message);
  }
}

function problem(status: number, message: string): Response {
  return new Response(message, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
