import Link from "next/link";
import { paths } from "./paths.ts";

/** A dataset's name that leads to its page, as tables show it. */
export function DatasetLink({ name }: { readonly name: string }) {
  return (
    <Link
      href={paths.dataset(name)}
      className="inline-flex min-h-6 items-center font-mono text-xs font-medium hover:underline"
    >
      {name}
    </Link>
  );
}
