import type { ClientBase } from "pg";

/** Foreign keys with rows that point nowhere; looks at the rows and not at what PostgreSQL believes of them. */
export async function brokenForeignKeys(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string; sql: string }>(`
    SELECT k.conrelid::regclass || ' → ' || k.confrelid::regclass AS name,
      format('SELECT count(*)::int AS broken FROM %s c WHERE %s AND NOT EXISTS (SELECT FROM %s p WHERE %s)', k.conrelid::regclass,
        string_agg(format('c.%I IS NOT NULL', a.attname), ' AND '), k.confrelid::regclass, string_agg(format('p.%I = c.%I', f.attname, a.attname), ' AND ')) AS sql
    FROM pg_constraint k, unnest(k.conkey, k.confkey) x (here, there)
      JOIN pg_attribute a ON a.attnum = x.here JOIN pg_attribute f ON f.attnum = x.there
    WHERE k.contype = 'f' AND k.conparentid = 0 AND a.attrelid = k.conrelid AND f.attrelid = k.confrelid GROUP BY k.oid`);
  const broken: string[] = [];
  for (const { name, sql } of rows) {
    const result = await client.query<{ broken: number }>(sql);
    if (result.rows[0]?.broken !== 0) broken.push(name);
  }
  if (rows.length < 100) throw new Error(`only ${rows.length} foreign keys found`);
  return broken;
}

/** Orders whose total is not the sum of its parts, or whose parts are not the sum of the lines. */
export async function wrongOrderSums(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ wrong: number }>(`
    SELECT count(*)::int AS wrong FROM orders o LEFT JOIN (SELECT order_id, sum(line_total) AS lines, bool_and(line_total = quantity * unit_price - discount) AS fine FROM order_lines GROUP BY 1) l USING (order_id)
    WHERE total <> subtotal - discount + shipping + tax OR subtotal IS DISTINCT FROM lines OR NOT fine`);
  return rows[0]?.wrong ?? -1;
}
