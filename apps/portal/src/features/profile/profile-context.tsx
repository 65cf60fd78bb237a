"use client";

import { createContext, type ReactNode, useContext } from "react";
import { type Action, may, type Role } from "@nova/pipeline-core/access";

export interface Profile {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly title: string;
  readonly role: Role;
  readonly timeZone: string;
}

const ProfileContext = createContext<Profile | null>(null);

export function ProfileProvider({ profile, children }: { readonly profile: Profile; readonly children: ReactNode }) {
  return <ProfileContext value={profile}>{children}</ProfileContext>;
}

export function useProfile(): Profile {
  const profile = useContext(ProfileContext);
  if (profile === null) throw new Error("useProfile needs <ProfileProvider> above it");
  return profile;
}

/** Whether the signed-in role may do this; only to draw the screen, the server decides by itself. */
export function useMay(action: Action): boolean {
  return may(useProfile().role, action);
}
