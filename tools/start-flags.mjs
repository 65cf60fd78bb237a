// The flags of npm start: parsed and checked before anything is installed, so that a typing error costs a second.
import { existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "./command-line.mjs";
import { ROOT } from "./root.mjs";

const USUAL_PORTAL_PORT = "3000";
const RATES = ["quiet", "normal", "peak"];
const DATABASE_SHAPE = "postgres://user:password@host:5432/database";

export const HELP = `npm start -- [flags]

  --port <n>           the portal's port (3000; a taken one moves on to the next)
  --data-dir <folder>  where the data lives (.nova)
  --fresh              empty the data folder first
  --no-demo            no demo sources
  --rate <rate>        traffic of the demo sources: quiet, normal or peak (normal)
  --source <url>       capture your own PostgreSQL in place of the demo order database (${DATABASE_SHAPE})

  DATABASE_URL         your own PostgreSQL for the metadata (an embedded one otherwise)`;

const FLAGS = {
  port: { type: "string" },
  "data-dir": { type: "string" },
  fresh: { type: "boolean" },
  "no-demo": { type: "boolean" },
  rate: { type: "string" },
  source: { type: "string" },
  help: { type: "boolean", short: "h" },
};

/** Returns the options for the supervisor, or `undefined` when help was asked for. Throws a UsageError of one line. */
export function readStartFlags(argv, env, cwd) {
  refuseFlagsEatenByNpm(env);
  const { values, positionals } = parseArgs({ args: argv, options: FLAGS, allowPositionals: true, strict: true });
  if (values.help) return undefined;
  if (positionals.length > 0)
    throw new UsageError(`unexpected argument ${positionals[0]}: flags go after --, as in npm start -- --port 3100`);
  if (values["no-demo"] && values.rate !== undefined) {
    throw new UsageError(
      "--rate sets the traffic of the demo sources and --no-demo leaves them out: give one of the two",
    );
  }
  if (values.source !== undefined) requireDatabase("--source", values.source);
  if (env.DATABASE_URL) requireDatabase("DATABASE_URL", env.DATABASE_URL);
  return {
    port: readPort(values.port ?? USUAL_PORTAL_PORT),
    dataDir: readDataDir(values["data-dir"], cwd),
    fresh: values.fresh ?? false,
    demo: !values["no-demo"],
    rate: readRate(values.rate ?? "normal"),
    ...(values.source === undefined ? {} : { source: values.source }),
  };
}

// npm keeps what stands before `--` for itself and passes it on as a variable at best.
function refuseFlagsEatenByNpm(env) {
  if (env.npm_lifecycle_event !== "start") return;
  for (const [flag, variable] of [
    ["--port", "npm_config_port"],
    ["--data-dir", "npm_config_data_dir"],
    ["--fresh", "npm_config_fresh"],
    ["--no-demo", "npm_config_demo"],
    ["--rate", "npm_config_rate"],
    ["--source", "npm_config_source"],
  ]) {
    if (env[variable] !== undefined)
      throw new UsageError(`npm took ${flag} for itself: put two dashes before it, as in npm start -- ${flag}`);
  }
}

function readPort(text) {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535)
    throw new UsageError(`--port ${text} is no port: give a number from 1 to 65535`);
  return port;
}

function readRate(rate) {
  if (!RATES.includes(rate)) throw new UsageError(`--rate ${rate} is unknown: choose ${RATES.join(", ")}`);
  return rate;
}

function readDataDir(given, cwd) {
  if (given === undefined) return join(ROOT, ".nova");
  if (given === "") throw new UsageError("--data-dir is empty: give a folder");
  const folder = resolve(cwd, given);
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new UsageError(`--data-dir ${folder} is a file: give a folder`);
  if (!existsSync(dirname(folder)))
    throw new UsageError(`--data-dir ${folder}: the folder ${dirname(folder)} does not exist, make it first`);
  return folder;
}

function requireDatabase(name, text) {
  const wrong = (why) => new UsageError(`${name} ${why}: give ${DATABASE_SHAPE}`);
  let url;
  try {
    url = new URL(text);
  } catch {
    // The address may hold a password: it is not repeated.
    throw wrong("is not an address");
  }
  if (!/^postgres(ql)?:$/.test(url.protocol)) throw wrong(`starts with ${url.protocol}//`);
  if (url.hostname === "") throw wrong("names no host");
  if (url.pathname.length < 2) throw wrong("names no database");
}
