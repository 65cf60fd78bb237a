import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder, absolute. */
export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Where the launchers keep what they bring: Node 24, pnpm and the stamps of finished preparations. */
export const TOOLCHAIN = join(ROOT, ".toolchain");
