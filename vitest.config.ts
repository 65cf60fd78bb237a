import { readdirSync } from "node:fs";
import { join } from "node:path";
import { defineConfig } from "vitest/config";

const SECOND = 1000;
const packages = readdirSync(join(import.meta.dirname, "packages")).map((name) => `packages/${name}`);

// Two workers and much patience: the machines this must run on have two cores, and several suites bring a real
// PostgreSQL. The portal has a configuration of its own for its aliases.
export default defineConfig({
  test: {
    maxWorkers: 2,
    testTimeout: 60 * SECOND,
    hookTimeout: 120 * SECOND,
    projects: [
      { extends: true, test: { name: "tools", include: ["tools/**/*.test.mjs"] } },
      ...[...packages, "apps/worker", "infra/local"].map((root) => ({
        extends: true as const,
        test: { name: root, root, include: ["src/**/*.test.ts"] },
      })),
      "apps/portal",
    ],
  },
});
