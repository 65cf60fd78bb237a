import { expect, test } from "vitest";
import { quarantineText } from "./quarantine.ts";

const refused = {
  reason: "type-mismatch",
  stream: "public.prices",
  count: 3,
  lastAt: "2026-11-23T09:00:00.000Z",
  why: null,
  detail: "price does not fit decimal(12,2)",
  sample: '{\n  "price": "xxx"\n}',
  replay: { at: "2026-11-23T08:00:00.000Z", rows: 12, cameBack: 3 },
};

test("quarantine is told by reason and stream, with what the last replay came to and, asked for, a masked sample", () => {
  const [title, row] = quarantineText([refused], false).split("\n");
  expect(title).toMatch(/^ROWS +REASON +STREAM +LAST +LAST REPLAY +WHY$/);
  expect(row).toContain("12 rows at 2026-11-23T08:00:00.000Z, 3 refused again");
  expect(row).not.toContain("xxx");
  expect(quarantineText([{ ...refused, replay: null }], true)).toContain('type-mismatch:\n{\n  "price": "xxx"\n}');
  expect(quarantineText([], false)).toBe("nothing is in quarantine");
});
