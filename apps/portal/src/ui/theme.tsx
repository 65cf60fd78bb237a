"use client";

import { ThemeProvider as NextThemes, useTheme } from "next-themes";
import type { ReactNode } from "react";

export type Theme = "system" | "light" | "dark";

/** Light, dark or the system's; set before the first paint by a script that carries the page's nonce. */
export function ThemeProvider({
  nonce,
  children,
}: {
  readonly nonce: string | undefined;
  readonly children: ReactNode;
}) {
  return (
    <NextThemes attribute="class" defaultTheme="system" enableSystem disableTransitionOnChange nonce={nonce}>
      {children}
    </NextThemes>
  );
}

export function useThemeChoice(): { theme: Theme; setTheme: (theme: Theme) => void } {
  const { theme, setTheme } = useTheme();
  return { theme: theme === "light" || theme === "dark" ? theme : "system", setTheme };
}
