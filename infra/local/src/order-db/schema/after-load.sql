-- What is cheaper to build once the rows are there: an index for every foreign key, triggers, sequences past the seed,
-- and a description for columns that speak for themselves.
DO $$
DECLARE r record;
BEGIN
  FOR r IN SELECT k.conrelid::regclass AS t, string_agg(quote_ident(a.attname), ', ' ORDER BY x.n) AS columns
      FROM pg_constraint k, unnest(k.conkey) WITH ORDINALITY x (attnum, n) JOIN pg_attribute a ON a.attnum = x.attnum
      WHERE k.contype = 'f' AND a.attrelid = k.conrelid AND k.connamespace::regnamespace::text IN ('public', 'hr')
        AND NOT (SELECT relispartition FROM pg_class WHERE oid = k.conrelid)
        AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1])
      GROUP BY k.oid LOOP
    EXECUTE format('CREATE INDEX ON %s (%s)', r.t, r.columns);
  END LOOP;
  FOR r IN SELECT a.attrelid::regclass AS t FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
      WHERE a.attname = 'updated_at' AND c.relkind = 'r' AND c.relnamespace::regnamespace::text IN ('public', 'hr') LOOP
    EXECUTE format('CREATE TRIGGER touch_updated_at BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION public.touch_updated_at()', r.t);
  END LOOP;
  FOR r IN SELECT c.oid::regclass AS t, a.attname, pg_get_serial_sequence(c.oid::regclass::text, a.attname) AS s FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attidentity <> '' AND c.relnamespace::regnamespace::text IN ('public', 'hr') LOOP
    EXECUTE format('SELECT setval(%L, greatest(1, (SELECT max(%I) FROM %s)))', r.s, r.attname, r.t);
  END LOOP;
  FOR r IN SELECT c.oid::regclass AS t, a.attname, CASE
        WHEN k.oid IS NOT NULL THEN 'Points to ' || k.confrelid::regclass::text || '.'
        WHEN a.attname = 'created_at' THEN 'When the row was created.'
        WHEN a.attname = 'updated_at' THEN 'When the row was last changed.'
        ELSE 'Number of the row, given by the database.' END AS remark
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
      LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum]
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace::regnamespace::text IN ('public', 'hr') AND col_description(c.oid, a.attnum) IS NULL LOOP
    EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', r.t, r.attname, r.remark);
  END LOOP;
  PERFORM setval('order_number_seq', greatest(1, (SELECT max(order_id) FROM orders)));
END $$;
CREATE INDEX payments_updated_at_idx ON payments (updated_at);
CREATE INDEX payments_provider_reference_idx ON payments (provider_reference);
CREATE INDEX orders_status_idx ON orders (status, order_id) WHERE status < 'delivered';
