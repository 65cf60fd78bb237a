import "server-only";
import { may } from "@nova/pipeline-core/access";
import type { RunLogRow } from "@nova/db/read-models";
import { container } from "@/server/container.ts";
import { currentUser } from "@/server/session.ts";
import { foldFields } from "../filter-log.ts";
import { parseRunId } from "../run-search.ts";

const LINES_AT_ONCE = 2_000;

/** The whole log of a run as text, one line per line, streamed. Only for those who may read logs. */
export async function downloadLog(text: string): Promise<Response> {
  const user = await currentUser();
  if (user === null) return new Response("Sign in first.\n", { status: 401 });
  if (!may(user.role, "runs.view-log")) return new Response("The log is not open to your role.\n", { status: 403 });
  const id = parseRunId(text);
  const { readModels } = container();
  const run = id === null ? null : await readModels.run.one(id);
  if (id === null || run === null) return new Response("There is no such run.\n", { status: 404 });
  let after = 0;
  const body = new ReadableStream<string>({
    async pull(controller) {
      const lines = await readModels.run.log(id, { after }, LINES_AT_ONCE);
      if (lines.length > 0) controller.enqueue(lines.map(asText).join(""));
      if (lines.length < LINES_AT_ONCE) controller.close();
      after = lines.at(-1)?.seq ?? after;
    },
  });
  return new Response(body.pipeThrough(new TextEncoderStream()), {
    headers: {
      "content-type": "text/plain; charset=utf-8",
      "content-disposition": `attachment; filename="${run.pipeline.replaceAll(/[^\w.-]+/g, "_")}-${id}.log"`,
      "cache-control": "no-store",
    },
  });
}

function asText({ at, level, dataset, message, fields }: RunLogRow): string {
  const folded = foldFields(fields);
  const line = `${at.toISOString()} ${level.toUpperCase().padEnd(5)} ${dataset ?? "run"} ${message}${folded === "" ? "" : ` ${folded}`}`;
  return `${line.replaceAll(/[\r\n]+/g, "\\n")}\n`;
}
