import { PlatformError } from "@nova/pipeline-core/kernel";
import { type ComputedDays, type Day, type DaysLetThrough, rangesOf } from "@nova/pipeline-core/orchestration";
import type { Work } from "./model-result.ts";
import { rowsOf } from "./rows.ts";
import { ident, literal } from "./sql-text.ts";

/** Which days a refresh computes: every one, none, or those of `temp.affected`. */
export type DaysPrepared = "all" | "none" | "affected";

/** The days computed, where it matters: only days of a model with parameters stand by other values than the defaults. */
export async function computedDays({ connection, model }: Work, days: DaysPrepared): Promise<ComputedDays> {
  if (days !== "affected") return days === "all" ? "all" : [];
  const [column = ""] = model.refreshKey;
  const { columns, parameters } = model.file.header;
  if (Object.keys(parameters).length === 0 || columns[column]?.type !== "date") return null;
  const found = await rowsOf<{ day: string }>(
    connection,
    `SELECT DISTINCT CAST(${ident(column)} AS varchar) AS day FROM temp.affected`,
  );
  return rangesOf(found.map(({ day }) => day));
}

/** Takes the days that are not let through out of `temp.affected`; returns them in order. The refresh key is one column, a date. */
export async function holdBack(
  { connection, model, notes }: Work,
  { column, before, ready }: DaysLetThrough,
): Promise<Day[]> {
  if (model.refreshKey.join() !== column)
    throw new PlatformError("internal", `${model.file.name} is not refreshed by days of ${column}`);
  const listed = ready.map((day) => `DATE ${literal(day)}`).join(", ");
  const passes = [
    ...(before === null ? [] : [`${ident(column)} < DATE ${literal(before)}`]),
    ...(listed === "" ? [] : [`${ident(column)} IN (${listed})`]),
  ];
  const held = `NOT (${passes.length === 0 ? "false" : passes.join(" OR ")})`;
  const days = await rowsOf<{ day: string }>(
    connection,
    `SELECT CAST(${ident(column)} AS varchar) AS day FROM temp.affected WHERE ${held} ORDER BY 1`,
  );
  if (days.length === 0) return [];
  await connection.run(`DELETE FROM temp.affected WHERE ${held}`);
  notes.push(`days that wait for the check of the gate: ${days.map(({ day }) => day).join(", ")}`);
  return days.map(({ day }) => day);
}
