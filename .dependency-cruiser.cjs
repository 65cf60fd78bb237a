// The arrows of docs/architecture.md as errors. `tools/planted-breach/` breaks every rule here once, and
// `npm run check` fails when a rule does not report its breach: a rule that cannot fire protects nothing.
const path = require("node:path");

/** Left may not import right; each context is entered by its index only. */
const CONTEXTS = [
  "kernel",
  "catalog",
  "lakehouse",
  "connectors",
  "access",
  "quality",
  "lineage",
  "cost",
  "privacy",
  "incidents",
  "consumers",
  "orchestration",
];

const TESTS = ["\\.test\\.tsx?$", "(^|/)testing(\\.ts$|/)", "(^|/)(bench|chaos)/"];
/** A server for tests has a rule of its own, below. */
const OURS = "^(apps|packages|infra|e2e)/(?!test-postgres/)";
const forbid = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

// The last context may know all others, so it gets no rule.
const contextOrder = CONTEXTS.slice(0, -1).map((context, at) =>
  forbid(
    `core-${context}-knows-only-its-left`,
    `${context} may import ${CONTEXTS.slice(0, at).join(", ") || "no other context"}; move the shared idea to the left or invert it with a port.`,
    { path: `^packages/pipeline-core/src/${context}/` },
    {
      path: "^packages/pipeline-core/src/",
      pathNot: CONTEXTS.slice(0, at + 1).map((c) => `^packages/pipeline-core/src/${c}/`),
    },
  ),
);

module.exports = {
  forbidden: [
    forbid("no-cycles", "Two modules that need each other are one module, or hide a third.", {}, { circular: true }),
    forbid(
      "no-orphans",
      "Nothing imports this file and it imports nothing: delete it or wire it up.",
      {
        orphan: true,
        pathNot: [
          "\\.d\\.ts$",
          "\\.config\\.[cm]?[jt]s$",
          "(^|/)index\\.ts$",
          "\\.test\\.tsx?$",
          "(^|/)main\\.ts$",
          "-main\\.ts$",
          "/exit-with-parent\\.ts$",
          "^apps/portal/src/(app/|proxy\\.ts|instrumentation\\.ts)",
          "\\.worker\\.ts$",
          "^tools/",
          "(^|/)(bench|chaos)/",
          "^\\.",
          "/public/",
        ],
      },
      {},
    ),
    ...contextOrder,
    forbid(
      "core-contexts-by-index",
      "Import another context by its index.ts (its testing.ts from tests).",
      { path: "^packages/pipeline-core/src/([^/]+)/" },
      {
        path: "^packages/pipeline-core/src/([^/]+)/",
        pathNot: ["^packages/pipeline-core/src/$1/", "^packages/pipeline-core/src/[^/]+/(index|testing)\\.ts$"],
      },
    ),
    forbid(
      "core-is-pure",
      "pipeline-core decides without a machine: no Node built-ins.",
      { path: "^packages/pipeline-core/src/", pathNot: TESTS },
      { dependencyTypes: ["core"] },
    ),
    forbid(
      "core-needs-zod-only",
      "pipeline-core depends on zod and nothing else; put SDKs behind a port in packages/engines.",
      { path: "^packages/pipeline-core/src/", pathNot: TESTS },
      { path: "node_modules", pathNot: ["node_modules/zod/", "\\.d\\.ts$"] },
    ),
    forbid(
      "core-imports-nothing-of-ours",
      "The core knows no adapter and no app.",
      { path: "^packages/pipeline-core/" },
      { path: OURS, pathNot: ["^packages/pipeline-core/"] },
    ),
    forbid(
      "iceberg-imports-nothing-of-ours",
      "packages/iceberg stands alone, so that it can be used alone.",
      { path: "^packages/iceberg/" },
      { path: OURS, pathNot: ["^packages/iceberg/"] },
    ),
    forbid(
      "engines-import-core-and-iceberg",
      "An adapter may import pipeline-core and iceberg; give it what else it needs as a port.",
      { path: "^packages/engines/" },
      { path: OURS, pathNot: ["^packages/(engines|pipeline-core|iceberg)/"] },
    ),
    forbid(
      "db-imports-core",
      "packages/db may import pipeline-core only.",
      { path: "^packages/db/" },
      { path: OURS, pathNot: ["^packages/(db|pipeline-core)/"] },
    ),
    forbid(
      "novaretail-imports-core-types",
      "NovaRetail's definitions use pipeline-core's types, never its code.",
      { path: "^packages/novaretail/", pathNot: TESTS },
      { path: OURS, pathNot: ["^packages/novaretail/"], dependencyTypesNot: ["type-only"] },
    ),
    forbid(
      "novaretail-knows-the-core-only",
      "NovaRetail's definitions may name pipeline-core's types and nothing else of ours.",
      { path: "^packages/novaretail/" },
      { path: OURS, pathNot: ["^packages/(novaretail|pipeline-core)/"] },
    ),
    forbid(
      "worker-builds-in-container",
      "Only apps/worker/src/container.ts constructs engines, iceberg and db; take a port as a parameter (import type is fine).",
      { path: "^apps/worker/", pathNot: ["^apps/worker/src/container(-queries|-reports)?\\.ts$", ...TESTS] },
      { path: "^packages/(engines|db)/", dependencyTypesNot: ["type-only"] },
    ),
    forbid(
      "test-postgres-in-tests-only",
      "packages/test-postgres is for tests and benches; nothing that ships may start it.",
      { pathNot: [...TESTS, "(^|/)test-[a-z-]+\\.ts$", "^packages/test-postgres/"] },
      { path: "^packages/test-postgres/" },
    ),
    forbid(
      "worker-knows-no-other-app",
      "The worker may import packages, not the portal, infra or e2e.",
      { path: "^apps/worker/" },
      { path: "^(apps/portal|infra|e2e)/" },
    ),
    forbid(
      "portal-never-touches-an-engine",
      "The portal asks and shows; it never imports engines, iceberg, novaretail or the worker, not even a type.",
      { path: "^apps/portal/" },
      { path: "^(packages/(engines|iceberg|novaretail)|apps/worker|infra|e2e)/" },
    ),
    forbid(
      "portal-opens-db-in-container",
      "Only apps/portal/src/server/container.ts opens packages/db; elsewhere import type.",
      { path: "^apps/portal/", pathNot: ["^apps/portal/src/server/container\\.ts$", ...TESTS] },
      { path: "^packages/db/", dependencyTypesNot: ["type-only"] },
    ),
    forbid(
      "features-by-their-doors",
      "Enter another feature by its index.ts (from server code: its server/index.ts).",
      { path: "^apps/portal/src/features/([^/]+)/" },
      {
        path: "^apps/portal/src/features/([^/]+)/",
        pathNot: ["^apps/portal/src/features/$1/", "^apps/portal/src/features/[^/]+/(server/)?index\\.ts$"],
      },
    ),
    forbid(
      "features-import-no-routes",
      "Routes import features, never the other way round.",
      { path: "^apps/portal/src/(features|ui|trpc|server)/" },
      { path: "^apps/portal/src/app/", dependencyTypesNot: ["type-only"] },
    ),
    forbid(
      "routes-by-feature-doors",
      "A route renders a feature's page: import the feature's index.ts.",
      { path: "^apps/portal/src/app/" },
      { path: "^apps/portal/src/features/", pathNot: ["^apps/portal/src/features/[^/]+/(server/)?index\\.ts$"] },
    ),
    forbid(
      "client-code-has-no-server",
      "Client code may import server types only; call it through tRPC.",
      { path: "^apps/portal/src/(features|ui)/", pathNot: ["^apps/portal/src/features/[^/]+/server/", ...TESTS] },
      {
        path: ["^apps/portal/src/server/", "^apps/portal/src/features/[^/]+/server/"],
        dependencyTypesNot: ["type-only"],
      },
    ),
    forbid(
      "ui-knows-no-domain",
      "The design system imports nothing of ours.",
      { path: "^apps/portal/src/ui/" },
      { path: OURS, pathNot: ["^apps/portal/src/ui/"] },
    ),
    forbid(
      "outside-takes-types-only",
      "infra and e2e meet the product as a user does: import type only.",
      { path: "^(infra|e2e)/" },
      { path: "^(apps|packages)/(?!test-postgres/)", dependencyTypesNot: ["type-only"] },
    ),
    forbid(
      "infra-and-e2e-stay-apart",
      "infra and e2e do not share code.",
      { path: "^(infra|e2e)/" },
      { path: "^(infra|e2e)/", pathNot: ["^$1/"] },
    ),
    forbid(
      "no-unresolvable",
      "This import resolves to nothing: declare the dependency or mend the path.",
      { path: OURS },
      { couldNotResolve: true },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: ["/generated/", "(^|/)\\.next", "(^|/)dist/", "^tools/planted-breach/"] },
    tsPreCompilationDeps: "specify",
    tsConfig: { fileName: path.join(__dirname, "tools/checks/tsconfig.arrows.json") },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      extensions: [".ts", ".tsx", ".mts", ".js", ".mjs", ".cjs", ".json", ".d.ts"],
    },
    combinedDependencies: true,
    skipAnalysisNotInRules: false,
  },
};
