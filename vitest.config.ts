import { defineConfig } from "vitest/config";

// Two workers: the machines this must run on have two cores, and several suites bring a real PostgreSQL.
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [{ test: { name: "tools", include: ["tools/**/*.test.mjs"] } }, "packages/*", "apps/*", "infra/local"],
  },
});
