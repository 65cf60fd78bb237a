import path from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: {
      "@": path.join(import.meta.dirname, "src"),
      // Next replaces this marker in the browser bundle; under vitest everything is the server.
      "server-only": path.join(import.meta.dirname, "node_modules/server-only/empty.js"),
    },
  },
  // As many workers as the other projects have: vitest asks that of projects that run beside each other.
  test: { include: ["src/**/*.test.{ts,tsx}"], isolate: false, maxWorkers: 3 },
});
