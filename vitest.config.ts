import { readdirSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

const SECOND = 1000;
const packages = readdirSync(join(import.meta.dirname, "packages")).map((name) => `packages/${name}`);

// Much patience: the machines this must run on have two cores, and several suites bring a real PostgreSQL. A third worker,
// because two are often both waiting for one. The portal has a configuration of its own for its aliases.
export default defineConfig({
  test: {
    maxWorkers: 3,
    testTimeout: 60 * SECOND,
    hookTimeout: 120 * SECOND,
    projects: [
      { extends: true, test: { name: "tools", include: ["tools/**/*.test.mjs"] } },
      ...[...packages, "apps/worker", "infra/local"].map((root) => ({
        extends: true as const,
        // Packages keep no state in their modules, so that files may share a process: a fifth less work for all of them. The
        // programs of apps and infra listen to signals and read the environment.
        test: { name: root, root, include: ["src/**/*.test.ts"], isolate: !root.startsWith("packages/") },
      })),
      "apps/portal",
    ],
  },
});
