import { describe, expect, it } from "vitest";
import type { Surroundings } from "./part-env.ts";
import { planStages } from "./plan-parts.ts";
import { USUAL_PORTS } from "./ports.ts";

const PROGRAMS = { node: "/node", root: "/repo", portalServer: "/repo/portal/server.js" };
const DEMO_ORDERS = { url: "postgres://nova:secret@127.0.0.1:5433/orders", own: false };
const OWN_ORDERS = { url: "postgres://me:mine@db.example:5432/shop", own: true };

const surroundings = (changed: Partial<Surroundings> = {}): Surroundings => ({
  dataDir: "/data",
  rate: "normal",
  demo: true,
  demoSignIn: true,
  ports: USUAL_PORTS,
  secrets: {
    postgresPassword: "postgres-password",
    internalToken: "internal-token",
    nextAuthSecret: "next-auth-secret",
    salesforceClientId: "client-id",
    salesforceClientSecret: "client-secret",
    salesforceUsername: "someone@example",
    salesforcePassword: "salesforce-password",
    stripeApiKey: "sk_test_key",
    stripeWebhookSecret: "whsec_secret",
    logIntakeToken: "log-token",
  },
  databaseUrl: "postgres://nova:secret@127.0.0.1:5433/nova",
  ordersDb: DEMO_ORDERS,
  passedOn: { PATH: "/bin" },
  portalOnly: {},
  workerOnly: {},
  ...changed,
});

const namesOf = (all: Surroundings) => planStages(all, PROGRAMS).map((stage) => stage.map((part) => part.name));
const envOf = (all: Surroundings, name: string) =>
  planStages(all, PROGRAMS)
    .flat()
    .find((part) => part.name === name)?.env;

describe("which parts run", () => {
  it("runs all four demo sources, traffic last", () => {
    expect(namesOf(surroundings())).toEqual([
      ["migrations"],
      ["order-seed", "salesforce", "portal"],
      ["worker", "stripe"],
      ["order-db", "app-logs"],
    ]);
  });

  it("runs no demo source with --no-demo, and tells the worker of none", () => {
    const all = surroundings({ demo: false, ordersDb: undefined });
    expect(namesOf(all)).toEqual([["migrations"], ["portal", "worker"]]);
    expect(
      Object.keys(envOf(all, "worker") ?? {}).filter((name) => /SALESFORCE|STRIPE|ORDERS|LOG_INTAKE/.test(name)),
    ).toEqual([]);
  });

  it("captures the user's own database with --source, without writing to it", () => {
    const all = surroundings({ ordersDb: OWN_ORDERS });
    expect(namesOf(all)).toEqual([["migrations"], ["salesforce", "portal"], ["worker"], ["app-logs"]]);
    expect(envOf(all, "worker")).toMatchObject({
      ORDERS_DB_URL: OWN_ORDERS.url,
      SALESFORCE_LOGIN_URL: "http://127.0.0.1:4010",
      MALLOC_ARENA_MAX: "2",
    });
    expect(envOf(all, "worker")).not.toHaveProperty("STRIPE_API_BASE");
  });

  it("stops traffic before the worker, the worker before what reads", () => {
    const ranks = Object.fromEntries(
      planStages(surroundings(), PROGRAMS)
        .flat()
        .map((part) => [part.name, part.stopRank]),
    );
    for (const traffic of ["order-db", "stripe", "app-logs"]) expect(ranks[traffic]).toBeLessThan(ranks["worker"]!);
    expect(ranks["worker"]).toBeLessThan(ranks["portal"]!);
  });
});

describe("what each part is told", () => {
  it("gives both ends of a connection the same secret and address", () => {
    const all = surroundings();
    const worker = envOf(all, "worker")!;
    expect(envOf(all, "stripe")).toMatchObject({
      STRIPE_WEBHOOK_URL: "http://127.0.0.1:4000/webhooks/stripe",
      STRIPE_WEBHOOK_SECRET: worker["STRIPE_WEBHOOK_SECRET"],
      STRIPE_API_KEY: worker["STRIPE_API_KEY"],
    });
    expect(envOf(all, "app-logs")).toMatchObject({
      LOG_INTAKE_URL: "http://127.0.0.1:4000",
      LOG_INTAKE_TOKEN: worker["LOG_INTAKE_TOKEN"],
    });
    expect(envOf(all, "portal")).toMatchObject({
      NOVA_WORKER_URL: "http://127.0.0.1:4000",
      NOVA_INTERNAL_TOKEN: worker["NOVA_INTERNAL_TOKEN"],
    });
  });

  it("never gives the demo sources the metadata database, nor the portal a source", () => {
    for (const name of ["order-db", "salesforce", "stripe", "app-logs"])
      expect(envOf(surroundings(), name)).not.toHaveProperty("DATABASE_URL");
    expect(envOf(surroundings(), "portal")).not.toHaveProperty("ORDERS_DB_URL");
  });

  it("tells the worker alone where lineage events go", () => {
    const all = surroundings({ workerOnly: { OPENLINEAGE_URL: "https://lineage.example" } });
    expect(envOf(all, "worker")).toMatchObject({ OPENLINEAGE_URL: "https://lineage.example" });
    expect(envOf(all, "portal")).not.toHaveProperty("OPENLINEAGE_URL");
  });

  it("closes the demo sign-in when an identity provider is given", () => {
    const all = surroundings({ demoSignIn: false, portalOnly: { OIDC_ISSUER: "https://id.example" } });
    expect(envOf(all, "portal")).toMatchObject({ NOVA_DEMO_SIGN_IN: "0", OIDC_ISSUER: "https://id.example" });
    expect(envOf(all, "migrations")).toMatchObject({ NOVA_DEMO: "0" });
  });
});
