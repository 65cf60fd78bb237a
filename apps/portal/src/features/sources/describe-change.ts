/** A change of one column in words, to follow the column's name. */
export function describeChange({
  change,
  from,
  to,
}: {
  readonly change: string;
  readonly from?: string | null;
  readonly to?: string | null;
}): string {
  switch (change) {
    case "added":
      return to === null || to === undefined ? "was added" : `was added as ${to}`;
    case "dropped":
      return "is no longer sent; its last values stay";
    case "retyped":
      return `changed from ${from ?? "unknown"} to ${to ?? "unknown"}`;
    case "key":
      return "changed its part in the key";
    default:
      return change;
  }
}
