/** Grey bars of the true height of what is coming, so that nothing moves when it comes. */
export function Skeleton({
  height,
  width = "100%",
}: {
  readonly height: number | string;
  readonly width?: number | string;
}) {
  return <div aria-hidden className="animate-pulse-soft rounded-md bg-idle-soft" style={{ height, width }} />;
}

/** Placeholder of a table or list: `rows` rows of `rowHeight`. */
export function SkeletonRows({
  rows,
  rowHeight = 40,
  label = "Loading",
}: {
  readonly rows: number;
  readonly rowHeight?: number;
  readonly label?: string;
}) {
  return (
    <div role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, index) => (
        <div
          key={index}
          className="flex items-center gap-4 border-b border-line px-4 last:border-b-0"
          style={{ height: rowHeight }}
        >
          <Skeleton height={12} width={`${34 - ((index * 7) % 14)}%`} />
          <Skeleton height={12} width="14%" />
          <Skeleton height={12} width="18%" />
        </div>
      ))}
    </div>
  );
}
