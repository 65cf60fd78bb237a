import type { OrderTable } from "./catalog.ts";
import { saltOf, valueExpression } from "./side-values.ts";

/** Statement that puts about `rows` deterministic rows into a side table; colliding keys are left out. */
export function fillStatement(table: OrderTable, rows: number): string {
  const columns = table.columns.filter((column) => !column.identity && !column.generated);
  const lists: string[] = [];
  const values = columns.map((column) => {
    if (column.references === null)
      return column.nullable && column.choices === null
        ? `CASE WHEN pg_temp.roll(g, ${saltOf(column.name)}, 9) > 0 THEN ${valueExpression(table.name, column)} END`
        : valueExpression(table.name, column);
    const { table: target, column: key } = column.references;
    const alias = `ids${lists.length}`;
    // Newest rows first: side tables tell about recent orders and customers.
    lists.push(
      `(SELECT array_agg(id ORDER BY id DESC) AS a FROM (SELECT ${key} AS id FROM ${target} ORDER BY 1 DESC LIMIT 5000) newest) ${alias}`,
    );
    const place = column.unique
      ? "g::int"
      : `(1 + pg_temp.roll(g, ${saltOf(table.name + column.name)}, cardinality(${alias}.a)))::int`;
    return column.nullable
      ? `CASE WHEN pg_temp.roll(g, ${saltOf(column.name)}, 8) > 0 THEN ${alias}.a[${place}] END`
      : `${alias}.a[${place}]`;
  });
  const required = columns.flatMap((column, i) =>
    column.references !== null && column.unique ? [`${values[i]} IS NOT NULL`] : [],
  );
  const names = columns.map((column) => `"${column.name}"`).join(", ");
  return `INSERT INTO ${table.name} (${names}) SELECT ${values.join(", ")} FROM ${[`generate_series(1, ${rows}) g`, ...lists].join(", ")}${required.length > 0 ? ` WHERE ${required.join(" AND ")}` : ""} ON CONFLICT DO NOTHING`;
}
