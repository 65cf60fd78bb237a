interface SparkLineProps {
  /** Evenly spaced values, oldest first; null = unknown, drawn as a gap. */
  readonly values: readonly (number | null)[];
  /** In words, for those who do not see it. */
  readonly label: string;
  readonly height?: number;
  /** Chart colour 1–6. */
  readonly color?: 1 | 2 | 3 | 4 | 5 | 6;
}

const WIDTH = 240;

/** A small area chart without axes; stretches to its container. */
export function SparkLine({ values, label, height = 40, color = 1 }: SparkLineProps) {
  const top = Math.max(1e-9, ...values.map((value) => value ?? 0));
  const step = WIDTH / Math.max(1, values.length - 1);
  const y = (value: number): number => height - 2 - (value / top) * (height - 6);
  const stretches = splitAtGaps(values);
  const stroke = `var(--chart-${color})`;
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox={`0 0 ${WIDTH} ${height}`}
      preserveAspectRatio="none"
      width="100%"
      height={height}
      className="block"
    >
      <line
        x1={0}
        x2={WIDTH}
        y1={height - 1.5}
        y2={height - 1.5}
        stroke="var(--line)"
        strokeWidth={1}
        vectorEffect="non-scaling-stroke"
      />
      {stretches.map(({ start, run }) => {
        const line = run.map((value, index) => `${(start + index) * step},${y(value).toFixed(2)}`).join(" L");
        const end = (start + run.length - 1) * step;
        return (
          <g key={start}>
            <path d={`M${line} L${end},${height - 2} L${start * step},${height - 2} Z`} fill={stroke} opacity={0.14} />
            <path
              d={`M${line}`}
              fill="none"
              stroke={stroke}
              strokeWidth={1.5}
              strokeLinejoin="round"
              vectorEffect="non-scaling-stroke"
            />
          </g>
        );
      })}
    </svg>
  );
}

function splitAtGaps(values: readonly (number | null)[]): { start: number; run: number[] }[] {
  const stretches: { start: number; run: number[] }[] = [];
  let open: { start: number; run: number[] } | null = null;
  for (const [index, value] of values.entries()) {
    if (value === null) {
      open = null;
      continue;
    }
    if (open === null) {
      open = { start: index, run: [] };
      stretches.push(open);
    }
    open.run.push(value);
  }
  return stretches;
}
