import "server-only";
import type { Role } from "@nova/pipeline-core/access";
import { env } from "@/env.ts";
import { container } from "@/server/container.ts";

export interface Persona {
  readonly email: string;
  readonly name: string;
  readonly title: string;
  readonly role: Role;
}

/** What the sign-in page offers: demo people only in the demo, single sign-on only when configured. */
export async function signInChoices(): Promise<{ personas: Persona[]; singleSignOn: boolean }> {
  const { NOVA_DEMO_SIGN_IN, OIDC_ISSUER } = env();
  const people = NOVA_DEMO_SIGN_IN ? await container().readModels.people.demoPeople() : [];
  return {
    personas: people.map(({ email, name, title, role }) => ({ email, name, title, role })),
    singleSignOn: OIDC_ISSUER !== undefined,
  };
}
