import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ModelSource } from "@nova/pipeline-core/catalog";
import { LineCounter, parseDocument } from "yaml";

export interface UnreadableModel {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

const HEADER = /^\/\*---\r?\n([\s\S]*?)\r?\n---\*\/\r?\n?/;

/** All model files of NovaRetail: `models/<layer>/<name>.sql`, header read as YAML but not yet judged. */
export function readModelFiles(folder = join(import.meta.dirname, "..", "models")): {
  models: ModelSource[];
  unreadable: UnreadableModel[];
} {
  const models: ModelSource[] = [];
  const unreadable: UnreadableModel[] = [];
  const layers = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const layer of layers.map((entry) => entry.name).toSorted()) {
    for (const file of readdirSync(join(folder, layer))
      .filter((name) => name.endsWith(".sql"))
      .toSorted()) {
      const path = `models/${layer}/${file}`;
      const read = readModel(`${layer}.${file.slice(0, -4)}`, path, readFileSync(join(folder, layer, file), "utf8"));
      if ("message" in read) unreadable.push(read);
      else models.push(read);
    }
  }
  return { models, unreadable };
}

/** Splits a model file's text into header and SQL. */
export function readModel(name: string, path: string, text: string): ModelSource | UnreadableModel {
  const match = HEADER.exec(text);
  if (match === null)
    return { path, line: 1, message: "begin the file with /*--- , a YAML header, and ---*/ before the SQL" };
  const lines = new LineCounter();
  const document = parseDocument(match[1] ?? "", { lineCounter: lines });
  const [error] = document.errors;
  if (error !== undefined)
    return { path, line: lines.linePos(error.pos[0]).line + 1, message: error.message.split("\n")[0] ?? error.message };
  const sql = text.slice(match[0].length).trim();
  if (sql === "") return { path, line: match[0].split("\n").length, message: "the SQL after the header is missing" };
  const positionOf = (place: readonly (string | number)[]): { line: number; column: number } | undefined => {
    for (let depth = place.length; depth > 0; depth -= 1) {
      const node = document.getIn(place.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
      if (node?.range === undefined) continue;
      const { line, col } = lines.linePos(node.range[0]);
      return { line: line + 1, column: col };
    }
    return undefined;
  };
  return {
    name,
    path,
    header: document.toJS() as unknown,
    sql,
    sqlLine: match[0].split("\n").length,
    codeVersion: createHash("sha256").update(text).digest("hex").slice(0, 12),
    lineOf: (place) => positionOf(place)?.line ?? 2,
    columnOf: (place) => positionOf(place)?.column ?? 1,
  };
}
