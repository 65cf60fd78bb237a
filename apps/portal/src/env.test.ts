import { describe, expect, it } from "vitest";
import { parseEnv } from "./env.ts";

const demo = {
  DATABASE_URL: "postgres://nova:nova@127.0.0.1:5433/nova",
  NEXTAUTH_URL: "http://127.0.0.1:3000",
  NEXTAUTH_SECRET: "short",
  NOVA_WORKER_URL: "http://127.0.0.1:4000",
  NOVA_INTERNAL_TOKEN: "0123456789abcdef",
  NOVA_DEMO_SIGN_IN: "1",
};
const { NOVA_DEMO_SIGN_IN: _, ...company } = {
  ...demo,
  NEXTAUTH_SECRET: "b2f1c9d4e7a84f06b2f1c9d4e7a84f06",
  OIDC_ISSUER: "https://login.novaretail.example",
  OIDC_CLIENT_ID: "portal",
  OIDC_CLIENT_SECRET: "s",
};

describe("the portal's environment", () => {
  it("is accepted for the demo with any secret", () => {
    expect(parseEnv(demo).NOVA_DEMO_SIGN_IN).toBe(true);
  });

  it("is accepted with single sign-on, where the demo sign-in is off", () => {
    expect(parseEnv(company)).toMatchObject({ NOVA_DEMO_SIGN_IN: false, OIDC_CLIENT_ID: "portal" });
  });

  it.each([
    [
      "a short secret outside the demo",
      { ...company, NEXTAUTH_SECRET: "short" },
      /^NEXTAUTH_SECRET must be at least 32/,
    ],
    [
      "a known default secret outside the demo",
      { ...company, NEXTAUTH_SECRET: "changeme-changeme-changeme-changeme" },
      /^NEXTAUTH_SECRET/,
    ],
    ["half of the single sign-on", { ...company, OIDC_CLIENT_ID: "" }, /^OIDC_ISSUER needs/],
    [
      "no way to sign in",
      { ...demo, NEXTAUTH_SECRET: company.NEXTAUTH_SECRET, NOVA_DEMO_SIGN_IN: "0" },
      /^OIDC_ISSUER must/,
    ],
    ["another database", { ...demo, DATABASE_URL: "mysql://x" }, /^DATABASE_URL must be a postgres/],
    ["nothing", {}, /DATABASE_URL[^]*NEXTAUTH_SECRET must be set/],
  ])("refuses %s and names the variable", (_name, given, message) => {
    expect(() => parseEnv(given)).toThrow(message);
  });
});
