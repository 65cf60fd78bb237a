import { describe, expect, it } from "vitest";
import { ACTIONS, MATRIX, type Role, ROLES } from "@nova/pipeline-core/access";
import { appRouter } from "./root.ts";
import { createCallerFactory, procedure, router, type RequestContext } from "./trpc.ts";

interface WalkedProcedure {
  readonly _def: { readonly meta?: { readonly action?: string } };
}

const procedures = Object.entries(appRouter._def.procedures as unknown as Record<string, WalkedProcedure>);

describe("every procedure of the portal", () => {
  it("is found by the walk", () => {
    expect(procedures.length).toBeGreaterThan(10);
  });

  it.each(procedures)("%s names an action of the matrix", (_path, { _def }) => {
    expect(ACTIONS).toContain(_def.meta?.action);
  });
});

describe("a procedure", () => {
  const app = router({ look: procedure("quarantine.view").query(() => "seen") });
  const callAs = (user: RequestContext["user"]) => createCallerFactory(app)({ user } as RequestContext).look();
  const person = (role: Role): RequestContext["user"] => ({
    userId: "u",
    role,
    grants: [],
    name: "n",
    email: "e",
    title: "",
    timeZone: "UTC",
  });

  it("refuses the signed-out", async () => {
    await expect(callAs(null)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
  });

  const allowed = MATRIX["quarantine.view"];

  it.each(ROLES.filter((role) => allowed.includes(role)))("answers %s, whom the matrix names", async (role) => {
    await expect(callAs(person(role))).resolves.toBe("seen");
  });

  it.each(ROLES.filter((role) => !allowed.includes(role)))(
    "refuses %s, whom the matrix does not name",
    async (role) => {
      await expect(callAs(person(role))).rejects.toMatchObject({ code: "FORBIDDEN" });
    },
  );
});
