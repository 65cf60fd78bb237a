// A file or folder is named after its subject. These names mean "I did not look for the noun".
import { readdirSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { ROOT } from "../root.mjs";
import { CheckFailure } from "./check-failure.mjs";

const BANNED = new Set(["utils", "util", "helpers", "helper", "common", "lib", "misc", "types", "shared"]);
const SKIPPED = new Set(["node_modules", "generated", ".nova", ".turbo", ".toolchain", "planted-breach"]);
const FOLDERS = ["apps", "packages", "infra", "e2e", "tools"];

export function checkFileNames() {
  const paths = FOLDERS.flatMap((folder) => walk(join(ROOT, folder)));
  const banned = paths.filter((path) => BANNED.has(basename(path).split(".")[0]));
  if (banned.length > 0) {
    throw new CheckFailure(
      banned.map((path) => relative(ROOT, path)).join("\n"),
      "name the file or folder after the noun or verb it holds (docs/glossary.md)",
    );
  }
  return `${paths.length} names`;
}

function walk(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name) || entry.name.startsWith(".next")) return [];
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [path, ...walk(path)] : [path];
  });
}
