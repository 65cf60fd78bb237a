import type { ClientBase } from "pg";
import { z } from "zod";

const column = z.object({
  name: z.string(),
  /** `format_type` of the base type: a domain shows what it stands on. */
  type: z.string(),
  nullable: z.boolean(),
  identity: z.boolean(),
  generated: z.boolean(),
  /** Labels of an enum or of a `CHECK (x IN (…))`; null when the values are open. */
  choices: z.array(z.string()).nullable(),
  /** Table (quoted, with schema) and column a one-column foreign key points to. */
  references: z.object({ table: z.string(), column: z.string() }).nullable(),
  unique: z.boolean(),
});
const table = z.object({
  /** Quoted and with schema, ready for SQL. */
  name: z.string(),
  primaryKey: z.array(z.string()),
  columns: z.array(column),
});

export type OrderTable = z.infer<typeof table>;
export type OrderColumn = z.infer<typeof column>;

const QUERY = `
SELECT format('%I.%I', n.nspname, c.relname) AS name,
  coalesce((SELECT json_agg(a.attname ORDER BY k.n) FROM pg_constraint p, unnest(p.conkey) WITH ORDINALITY k (attnum, n)
    JOIN pg_attribute a ON a.attnum = k.attnum AND a.attrelid = c.oid WHERE p.conrelid = c.oid AND p.contype = 'p'), '[]') AS "primaryKey",
  (SELECT json_agg(json_build_object(
      'name', a.attname,
      'type', format_type(CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE a.atttypid END, CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END),
      'nullable', NOT a.attnotnull, 'identity', a.attidentity <> '', 'generated', a.attgenerated <> '',
      'choices', coalesce(
        (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid),
        (SELECT json_agg(m[1] ORDER BY ord) FROM pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid), '''([^'']+)''::', 'g') WITH ORDINALITY r (m, ord)
          WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum])),
      'references', (SELECT json_build_object('table', format('%I.%I', fn.nspname, f.relname), 'column', fa.attname)
        FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace fn ON fn.oid = f.relnamespace
        JOIN pg_attribute fa ON fa.attrelid = f.oid AND fa.attnum = k.confkey[1]
        WHERE k.conrelid = c.oid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum] LIMIT 1),
      'unique', EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('u', 'p') AND k.conkey = ARRAY[a.attnum])
    ) ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname IN ('public', 'hr')
ORDER BY c.oid`;

/** Every table of the order database as PostgreSQL knows it, in order of creation (so that referenced tables come first). */
export async function readOrderTables(client: ClientBase): Promise<OrderTable[]> {
  const { rows } = await client.query(QUERY);
  return z.array(table).parse(rows);
}
