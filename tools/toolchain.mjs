// Node 24 and pnpm, from the npm registry when the machine has none: the only downloads are packages.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { TOOLCHAIN } from "./root.mjs";
import { PreparationFailure, runLogged } from "./run-logged.mjs";

const NODE_VERSION = "24.21.0";
const PNPM_VERSION = "10.34.8";
const OLDEST_RUNNING_MAJOR = 24;
const OLDEST_LAUNCHING_MAJOR = 20;
const BIN = join(TOOLCHAIN, "node_modules/.bin");
const PNPM = join(TOOLCHAIN, "node_modules/pnpm/bin/pnpm.cjs");
/** The platforms for which both Node and PostgreSQL come as npm packages. */
const PLATFORMS = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];

const platform = `${process.platform}-${process.arch}`;
const major = Number(process.versions.node.split(".")[0]);

/** What this machine offers, or a PreparationFailure when we cannot run here. */
export function checkPlatform() {
  if (major < OLDEST_LAUNCHING_MAJOR) {
    const remedy = `install Node ${OLDEST_LAUNCHING_MAJOR} or newer and run the command again.`;
    throw new PreparationFailure(`This is Node ${process.versions.node}, which is too old.`, "", remedy);
  }
  if (!PLATFORMS.includes(platform)) {
    const remedy = `use one of ${PLATFORMS.join(", ")} (on Windows: WSL 2).`;
    throw new PreparationFailure(`NovaRetail does not run on ${platform}.`, "", remedy);
  }
  return `Node ${process.versions.node} on ${platform}`;
}

/** Installs what is missing of Node 24 and pnpm into .toolchain/. Returns whether anything was installed. */
export async function bringToolchain() {
  if (hasNode() && hasPnpm()) return false;
  mkdirSync(TOOLCHAIN, { recursive: true });
  const manifest = join(TOOLCHAIN, "package.json");
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true }\n');
  // The platform's own package carries the binary itself: no install script has to be allowed.
  const node = major >= OLDEST_RUNNING_MAJOR ? [] : [`node-${platform}@${NODE_VERSION}`];
  await runLogged({
    what: "Bringing Node 24 and pnpm (npm install)",
    command: "npm",
    args: ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", ...node, `pnpm@${PNPM_VERSION}`],
    cwd: TOOLCHAIN,
    env: withoutNpmLifecycle(),
    log: join(TOOLCHAIN, "logs/toolchain.log"),
    remedy: () =>
      "check that this machine reaches the npm registry (npm ping) and has 300 MB of free disk, then run again.",
  });
  return true;
}

/** The Node that runs our TypeScript: the machine's own when it is new enough. */
export function nodePath() {
  return major >= OLDEST_RUNNING_MAJOR ? process.execPath : join(BIN, "node");
}

/** The command line of pnpm under that Node. */
export function pnpmCommand(...args) {
  return { command: nodePath(), args: [PNPM, ...args] };
}

/** The environment for every child: our Node and pnpm come first, and nothing phones home. */
export function toolEnv(extra = {}) {
  const env = {
    ...withoutNpmLifecycle(),
    CHECKPOINT_DISABLE: "1",
    NEXT_TELEMETRY_DISABLED: "1",
    TURBO_TELEMETRY_DISABLED: "1",
    DO_NOT_TRACK: "1",
  };
  env.PATH = [BIN, ...(major >= OLDEST_RUNNING_MAJOR ? [join(process.execPath, "..")] : []), process.env.PATH].join(
    delimiter,
  );
  return { ...env, ...extra };
}

// `npm start` passes its own configuration down as npm_* variables, and pnpm would take them for the user's wishes.
function withoutNpmLifecycle() {
  const dropped =
    /^npm_(lifecycle|package|execpath|node_execpath|command|config_(local_prefix|prefix|global_prefix|noproxy|user_agent|init_module|npm_version))/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !dropped.test(name)));
}

function hasNode() {
  if (major >= OLDEST_RUNNING_MAJOR) return true;
  const run = spawnSync(join(BIN, "node"), ["--version"], { encoding: "utf8" });
  return run.stdout?.trim() === `v${NODE_VERSION}`;
}

function hasPnpm() {
  const manifest = join(TOOLCHAIN, "node_modules/pnpm/package.json");
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version === PNPM_VERSION;
}
