import Link from "next/link";
import { paths } from "@/features/navigation/index.ts";
import { buttonClass } from "@/ui/button-class.ts";
import { EmptyState } from "@/ui/empty-state.tsx";

export default function NotFound() {
  return (
    <EmptyState
      kind="broken"
      title="There is nothing at this address"
      action={
        <Link href={paths.home} className={buttonClass()}>
          Go to Home
        </Link>
      }
    >
      It may have been renamed. Search with ⌘K, or start from Home.
    </EmptyState>
  );
}
