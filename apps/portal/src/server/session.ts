import "server-only";
import { getServerSession } from "next-auth";
import { cache } from "react";
import type { Principal, Role } from "@nova/pipeline-core/access";
import { authOptions } from "./auth.ts";
import { container } from "./container.ts";

export interface SignedInUser extends Principal {
  readonly role: Role;
  readonly name: string;
  readonly email: string;
  readonly title: string;
  /** IANA name; every time on screen is shown in it. */
  readonly timeZone: string;
}

/** Who is asking, once per request; null when signed out or no longer known. */
export const currentUser = cache(async (): Promise<SignedInUser | null> => {
  const session = await getServerSession(authOptions());
  const userId = session?.user?.id;
  if (userId === undefined) return null;
  const { readModels, clock } = container();
  return readModels.people.byId(userId, clock.now());
});
