import { PageBody } from "@/ui/page-header.tsx";
import { Skeleton } from "@/ui/skeleton.tsx";

export default function Loading() {
  return (
    <PageBody>
      <Skeleton height={28} width={220} />
      <Skeleton height={84} />
      <Skeleton height={360} />
    </PageBody>
  );
}
