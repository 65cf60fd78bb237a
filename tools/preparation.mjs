// What has to be in place before anything runs. Each step is skipped when its inputs have not changed.
import { cpSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fingerprint, unlessUnchanged } from "./fingerprint.mjs";
import { phase } from "./phases.mjs";
import { inTurn } from "./preparation-turn.mjs";
import { ROOT, TOOLCHAIN } from "./root.mjs";
import { PreparationFailure, runLogged } from "./run-logged.mjs";
import { bringToolchain, checkPlatform, nodePath, pnpmCommand, toolEnv } from "./toolchain.mjs";

const REGISTRY_REMEDY =
  "check that this machine reaches the npm registry (npm ping) and has 3 GB of free disk, then run the command again; it goes on where it stopped.";
const LOCKFILE_REMEDY =
  "a package.json was changed without its lock file: run .toolchain/node_modules/.bin/pnpm install --no-frozen-lockfile and commit pnpm-lock.yaml.";
const log = (name) => join(TOOLCHAIN, "logs", `${name}.log`);

/** Node 24, pnpm, dependencies and the generated database client: enough to run checks and tests. */
export async function prepareWorkspace() {
  await phase("This machine", () => checkPlatform());
  await inTurn(async () => {
    await phase("Node 24 and pnpm", async () => ((await bringToolchain()) ? "brought" : "present"));
    await phase("Dependencies", installDependencies);
    await phase("Database client", generateClient);
  });
}

/** The portal's production build, made once and used until one of its inputs changes. */
export function preparePortal() {
  return inTurn(() => phase("Portal build", buildPortal));
}

/** Where `next build` leaves the server that runs without node_modules. */
export const PORTAL_SERVER = "apps/portal/.next/standalone/apps/portal/server.js";

function installDependencies() {
  const manifests = ["apps", "packages"]
    .flatMap((parent) => readdirSync(join(ROOT, parent)).map((name) => `${parent}/${name}/package.json`))
    .concat("package.json", "infra/local/package.json", "e2e/package.json");
  return unlessUnchanged({
    name: "install",
    print: fingerprint(["pnpm-lock.yaml", "pnpm-workspace.yaml", ...manifests], [nodeVersionFact()]),
    product: "node_modules/.modules.yaml",
    work: () =>
      runLogged({
        what: "Installing dependencies (pnpm install)",
        ...pnpmCommand("install", "--frozen-lockfile", "--config.confirmModulesPurge=false", "--reporter=append-only"),
        env: toolEnv({ CI: "1" }),
        log: log("install"),
        remedy: (text) => (text.includes("ERR_PNPM_OUTDATED_LOCKFILE") ? LOCKFILE_REMEDY : REGISTRY_REMEDY),
      }),
  });
}

function generateClient() {
  return unlessUnchanged({
    name: "database-client",
    print: fingerprint([
      "packages/db/prisma/schema.prisma",
      "packages/db/prisma.config.ts",
      "packages/db/package.json",
    ]),
    product: "packages/db/src/generated",
    work: () =>
      runLogged({
        what: "Generating the database client (prisma generate)",
        command: nodePath(),
        args: [join(ROOT, "packages/db/node_modules/prisma/build/index.js"), "generate"],
        cwd: join(ROOT, "packages/db"),
        // Generating needs no schema engine, and its download would need more network than the npm registry.
        env: toolEnv({ PRISMA_SCHEMA_ENGINE_BINARY: "/bin/true", PRISMA_HIDE_UPDATE_MESSAGE: "1" }),
        log: log("database-client"),
        remedy: () =>
          "mend packages/db/prisma/schema.prisma as the message says; if the message is about a file, delete node_modules and run again.",
      }),
  });
}

function buildPortal() {
  return unlessUnchanged({
    name: "portal",
    print: fingerprint(
      [
        "apps/portal",
        "packages/pipeline-core",
        "packages/db/src",
        "packages/db/package.json",
        "packages/db/prisma/schema.prisma",
        "pnpm-lock.yaml",
      ],
      [nodeVersionFact()],
    ),
    product: PORTAL_SERVER,
    work: async () => {
      await runLogged({
        what: "Building the portal (next build)",
        command: nodePath(),
        args: [join(ROOT, "apps/portal/node_modules/next/dist/bin/next"), "build"],
        cwd: join(ROOT, "apps/portal"),
        env: toolEnv({ NODE_ENV: "production" }),
        log: log("portal-build"),
        remedy: () =>
          "mend what the message names, or free memory: the build needs about 1 GB. Then run the command again.",
      });
      copyStaticFiles();
    },
  });
}

// Next leaves out what a CDN would serve; this server serves it itself.
function copyStaticFiles() {
  const portal = join(ROOT, "apps/portal");
  const target = join(portal, ".next/standalone/apps/portal");
  if (!existsSync(join(ROOT, PORTAL_SERVER))) {
    throw new PreparationFailure(
      `The portal build left no ${PORTAL_SERVER}.`,
      "",
      'set output: "standalone" and outputFileTracingRoot in apps/portal/next.config.ts.',
    );
  }
  cpSync(join(portal, ".next/static"), join(target, ".next/static"), { recursive: true });
  if (existsSync(join(portal, "public"))) cpSync(join(portal, "public"), join(target, "public"), { recursive: true });
}

function nodeVersionFact() {
  return `${process.platform}-${process.arch} ${nodePath()}`;
}
