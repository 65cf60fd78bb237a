// Stamps: a preparation is skipped when the fingerprint of its inputs is the one it last finished with.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { ROOT, TOOLCHAIN } from "./root.mjs";

// Products of the preparations themselves, next to what they are made of.
const SKIPPED = new Set(["node_modules", ".turbo", "generated", "test-results", "next-env.d.ts"]);

/** The hash of the contents and paths of `inputs` (files or folders below the root), and of `facts` such as a version. */
export function fingerprint(inputs, facts = []) {
  const hash = createHash("sha256");
  for (const file of inputs.flatMap((input) => filesOf(join(ROOT, input)))) {
    hash.update(`${relative(ROOT, file)}\0`);
    hash.update(readFileSync(file));
  }
  for (const fact of facts) hash.update(`\0${fact}`);
  return hash.digest("hex");
}

/** Runs `work` unless `name` was stamped with this fingerprint and its `product` is still there. Stamps only success. */
export async function unlessUnchanged({ name, print, product, work }) {
  const stamp = join(TOOLCHAIN, "stamps", name);
  const stamped = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";
  if (stamped === print && existsSync(join(ROOT, product))) return "unchanged";
  await work();
  mkdirSync(join(TOOLCHAIN, "stamps"), { recursive: true });
  writeFileSync(stamp, print);
  return undefined;
}

function filesOf(path) {
  if (!existsSync(path)) return [];
  const entries = tryReadFolder(path);
  if (entries === undefined) return [path];
  return entries
    .filter(
      (entry) =>
        !SKIPPED.has(entry.name) &&
        !entry.name.startsWith(".next") &&
        !/\.(test|spec)\.tsx?$|\.md$|\.tsbuildinfo$/.test(entry.name),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => filesOf(join(path, entry.name)));
}

function tryReadFolder(path) {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOTDIR") return undefined;
    throw error;
  }
}
