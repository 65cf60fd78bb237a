import type { SourceId } from "@nova/pipeline-core/connectors";
import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";

/** What is said of a source; `linked` leads to its page from others. */
export function SourceTitle({
  source,
  text,
  linked,
}: {
  readonly source: SourceId;
  readonly text: string;
  readonly linked: boolean;
}) {
  return linked ? (
    <Link href={paths.source(source)} className="underline underline-offset-2">
      {text}
    </Link>
  ) : (
    text
  );
}
