import type { DuckDBConnection } from "@duckdb/node-api";
import { type Inspection, Refusal } from "./inspect-tree.ts";
import type { ChildFailure, FromChild, ToChild } from "./messages.ts";
import { createViews, locateMistake, openHardenedEngine, inspectSql, runSelect, SqlMistake } from "./query-engine.ts";

// One child serves one query and ends. It gets no environment, no arguments and no open files; it reads the lake's
// folder and talks to its parent, nothing else.
let connection: DuckDBConnection | undefined;
let lakeDir = "";
let sql = "";
let inspection: Inspection = { datasets: [], mentions: null };

function tell(message: FromChild): void {
  process.send?.(message);
}

function opened(): DuckDBConnection {
  if (connection === undefined) throw new Error("asked before it was prepared");
  return connection;
}

async function obey(message: ToChild): Promise<void> {
  switch (message.kind) {
    case "prepare":
      lakeDir = message.lakeDir;
      connection = await openHardenedEngine(message);
      return tell({ kind: "ready" });
    case "parse":
      sql = message.sql;
      inspection = await inspectSql(opened(), sql);
      return tell({
        kind: "parsed",
        datasets: inspection.datasets,
        mentions: inspection.mentions === null ? null : [...inspection.mentions],
      });
    case "run": {
      const masked = await createViews(opened(), message.views, message.maskSalt, inspection.mentions);
      const truncated = await runSelect(opened(), sql, message, {
        columns: (columns) => tell({ kind: "columns", columns, masked }),
        rows: (rows, bytes) => tell({ kind: "rows", rows, bytes }),
      });
      return tell({ kind: "done", truncated });
    }
  }
}

function describe(error: unknown): ChildFailure {
  if (error instanceof Refusal) return { kind: "refused", message: error.message, offset: error.offset };
  if (error instanceof SqlMistake) return { kind: "wrong", message: error.message, offset: error.offset };
  const message = (error instanceof Error ? error.message : String(error)).replaceAll(lakeDir, "<lake>");
  if (/^Out of Memory Error|max_temp_directory_size/i.test(message)) return { kind: "memory", message, offset: null };
  if (/^(IO|Internal|INTERNAL|Fatal|Permission|HTTP|Serialization) Error/i.test(message))
    return { kind: "engine", message, offset: null };
  const mistake = locateMistake(message, sql);
  return { kind: "wrong", message: mistake.message, offset: mistake.offset };
}

process.on("message", (message: ToChild) => {
  obey(message).catch((error: unknown) => tell({ kind: "failed", failure: describe(error) }));
});
// The parent is gone or has let go of this child: there is nobody to answer.
process.on("disconnect", () => process.exit(0));
