"use client";

import { useMutation } from "@tanstack/react-query";
import { Globe, LogOut, Monitor, Moon, Sun } from "lucide-react";
import { signOut } from "next-auth/react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useTRPC } from "@/trpc/client.tsx";
import { Menu, MenuChoices, MenuItem, MenuSeparator } from "@/ui/menu.tsx";
import { type Theme, useThemeChoice } from "@/ui/theme.tsx";
import { toast } from "@/ui/toaster.tsx";
import { useProfile } from "../profile-context.tsx";
import { ROLE_WORDS } from "../role-words.ts";
import { TimeZoneDialog } from "./time-zone-dialog.tsx";

export const THEME_CHOICES: readonly { value: Theme; label: string; icon: React.ReactElement }[] = [
  { value: "system", label: "System", icon: <Monitor aria-hidden /> },
  { value: "light", label: "Light", icon: <Sun aria-hidden /> },
  { value: "dark", label: "Dark", icon: <Moon aria-hidden /> },
];

export function leave(): void {
  void signOut({ callbackUrl: "/sign-in" });
}

/** Who is signed in, their time zone, theme, and the way out. */
export function ProfileMenu() {
  const profile = useProfile();
  const { theme, setTheme } = useThemeChoice();
  const [choosingZone, setChoosingZone] = useState(false);
  const trpc = useTRPC();
  const router = useRouter();
  const save = useMutation(
    trpc.profile.setTimeZone.mutationOptions({
      onSuccess: (_result, { timeZone }) => {
        toast.success(`Times are shown in ${timeZone}`);
        router.refresh();
      },
      onError: (error) => toast.error("Could not change the time zone", { description: error.message }),
    }),
  );
  const initials = profile.name
    .split(" ")
    .map((part) => part[0] ?? "")
    .join("")
    .slice(0, 2);
  return (
    <>
      <Menu
        trigger={
          <button
            type="button"
            className="flex size-8 items-center justify-center rounded-full bg-accent-soft text-xs font-semibold text-accent-text hover:opacity-85"
          >
            <span className="sr-only">Profile of {profile.name}</span>
            <span aria-hidden>{initials}</span>
          </button>
        }
      >
        <div className="px-2 py-1.5">
          <p className="text-sm font-semibold">{profile.name}</p>
          <p className="text-xs text-fg-muted">
            {ROLE_WORDS[profile.role].label} · {profile.email}
          </p>
        </div>
        <MenuSeparator />
        <MenuItem onClick={() => setChoosingZone(true)}>
          <Globe aria-hidden />
          <span className="flex-1">Time zone</span>
          <span className="text-xs text-fg-muted">{profile.timeZone}</span>
        </MenuItem>
        <MenuSeparator />
        <MenuChoices label="Theme" value={theme} choices={THEME_CHOICES} onChange={setTheme} />
        <MenuSeparator />
        <MenuItem onClick={leave}>
          <LogOut aria-hidden />
          Sign out
        </MenuItem>
      </Menu>
      <TimeZoneDialog
        open={choosingZone}
        onOpenChange={setChoosingZone}
        current={profile.timeZone}
        onChoose={(timeZone) => save.mutate({ timeZone })}
      />
    </>
  );
}
