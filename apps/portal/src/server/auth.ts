import "server-only";
import type { DefaultSession, NextAuthOptions } from "next-auth";
import type { OAuthConfig } from "next-auth/providers/oauth";
import credentials from "next-auth/providers/credentials";
import { z } from "zod";
import { env, type PortalEnv } from "@/env.ts";
import { container } from "./container.ts";

declare module "next-auth" {
  interface Session {
    user?: DefaultSession["user"] & { id: string };
  }
}

const SESSION_SECONDS = 12 * 60 * 60;

interface OidcProfile {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
}

/** Sign-in by the company's OIDC provider when configured, by persona in the demo. The session holds the user's id only. */
export function authOptions(): NextAuthOptions {
  const settings = env();
  return {
    secret: settings.NEXTAUTH_SECRET,
    session: { strategy: "jwt", maxAge: SESSION_SECONDS },
    pages: { signIn: "/sign-in", error: "/sign-in" },
    providers: [...(settings.NOVA_DEMO_SIGN_IN ? [demoProvider()] : []), ...oidcProviders(settings)],
    callbacks: {
      async signIn({ account, user, profile }) {
        if (account?.provider !== "oidc") return true;
        const { email, email_verified: verified } = (profile ?? {}) as OidcProfile;
        if (email === undefined || verified === false) return "/sign-in?error=EmailUnverified";
        const known = await container().readModels.people.byEmail(email);
        if (known === null) return "/sign-in?error=UnknownPerson";
        user.id = known.id;
        return true;
      },
      jwt: ({ token, user }) => (user === undefined ? token : { sub: user.id }),
      session: ({ session, token }) => ({ expires: session.expires, user: { id: token.sub ?? "" } }),
    },
  };
}

const personaSchema = z.object({ email: z.email() });

/** Signs in as a demo person by choice; only people marked as demo can be chosen. */
function demoProvider() {
  return credentials({
    id: "demo",
    name: "Demo persona",
    credentials: { email: { label: "E-mail", type: "email" } },
    async authorize(given) {
      const parsed = personaSchema.safeParse(given);
      if (!parsed.success) return null;
      const person = await container().readModels.people.byEmail(parsed.data.email);
      return person !== null && person.demo ? { id: person.id } : null;
    },
  });
}

function oidcProviders(settings: PortalEnv): OAuthConfig<OidcProfile>[] {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = settings;
  if (issuer === undefined || clientId === undefined || clientSecret === undefined) return [];
  return [
    {
      id: "oidc",
      name: "Single sign-on",
      type: "oauth",
      wellKnown: `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`,
      clientId,
      clientSecret,
      idToken: true,
      checks: ["pkce", "state", "nonce"],
      authorization: { params: { scope: "openid email profile" } },
      profile: (profile) => ({ id: profile.sub, email: profile.email ?? null, name: profile.name ?? null }),
    },
  ];
}
