CREATE FUNCTION public.touch_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$;
-- A month more than the history reaches back, a year ahead, and a place for whatever lies outside.
DO $$
BEGIN
  FOR m IN -4..12 LOOP
    EXECUTE format('CREATE TABLE public.stock_movements_%s PARTITION OF public.stock_movements FOR VALUES FROM (%L) TO (%L)',
      to_char(date_trunc('month', pg_temp.seed_now()) + make_interval(months => m), 'YYYYMM'),
      date_trunc('month', pg_temp.seed_now()) + make_interval(months => m), date_trunc('month', pg_temp.seed_now()) + make_interval(months => m + 1));
  END LOOP;
  CREATE TABLE public.stock_movements_other PARTITION OF public.stock_movements DEFAULT;
END $$;
