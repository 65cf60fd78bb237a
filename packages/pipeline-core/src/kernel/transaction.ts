/**
 * One open transaction of the metadata PostgreSQL. Whatever is written through it becomes visible together with the
 * table commit that carries it, or not at all.
 */
export interface Transaction {
  query<Row extends Record<string, unknown> = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: Row[]; rowCount: number | null }>;
}
