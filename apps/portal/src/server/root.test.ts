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

  it.each(ROLES)("answers %s exactly when the matrix says so", async (role) => {
    if (MATRIX["quarantine.view"].includes(role)) await expect(callAs(person(role))).resolves.toBe("seen");
    else await expect(callAs(person(role))).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});
