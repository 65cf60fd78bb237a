/** Where to go after sign-in: a path of this portal, never another site (no "//host", no scheme, no backslash). */
export function safeTarget(to: string | null): string {
  if (to === null || !to.startsWith("/") || to.startsWith("//") || to.includes("\\") || to.startsWith("/sign-in"))
    return "/";
  return to;
}
