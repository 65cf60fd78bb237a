import { Dialect, generate, openLineageColumnLineage, parse } from "@polyglot-sql/sdk";

type Node = Record<string, unknown>;

export interface IndirectColumn {
  readonly dataset: string;
  readonly column: string;
}

/**
 * Columns that decide over rows without standing in any: those of joins, filters and groups, in every SELECT of the
 * query. Each SELECT is rewritten to return just these columns, so that the lineage engine resolves aliases and CTEs.
 */
export function indirectColumns(sql: string, schema: { tables: unknown[] }): IndirectColumn[] {
  const parsed = parse(sql, Dialect.Trino);
  if (!parsed.success) return [];
  const found = new Map<string, IndirectColumn>();
  for (const statement of parsed.ast as Node[]) {
    for (const select of selectsOf(statement)) {
      const probe = probeOf(select.node, select.ctes);
      if (probe === null) continue;
      for (const column of resolve(probe, schema)) found.set(`${column.dataset}.${column.column}`, column);
    }
  }
  return [...found.values()];
}

interface Scope {
  readonly node: Node;
  /** CTE definitions visible to the SELECT. */
  readonly ctes: readonly unknown[];
}

/** The SELECTs of a statement: its branches, its CTEs, and theirs. */
function selectsOf(node: Node, ctes: readonly unknown[] = []): Scope[] {
  const set = (node.union ?? node.intersect ?? node.except) as Node | undefined;
  const body = (node.select ?? set) as Node | undefined;
  if (body === undefined) return [];
  const own = ((body.with as { ctes?: unknown[] } | null)?.ctes ?? []) as { this?: Node }[];
  const visible = [...ctes, ...own];
  const inner = own.flatMap((cte, index) =>
    cte.this === undefined ? [] : selectsOf(cte.this, [...ctes, ...own.slice(0, index)]),
  );
  if (set === undefined) return [...inner, { node: body, ctes: visible }];
  return [...inner, ...selectsOf(set.left as Node, visible), ...selectsOf(set.right as Node, visible)];
}

function probeOf(select: Node, ctes: readonly unknown[]): string | null {
  const joins = (select.joins ?? []) as { on?: unknown }[];
  const deciding = [select.where_clause, select.group_by, select.having, ...joins.map((join) => join.on)];
  const columns = deciding.filter((part) => part !== null && part !== undefined).flatMap(columnsIn);
  if (columns.length === 0) return null;
  const expressions = columns.map((column, index) => ({
    alias: {
      this: column,
      alias: { name: `c${index}`, quoted: false, trailing_comments: [] },
      column_aliases: [],
      pre_alias_comments: [],
      trailing_comments: [],
    },
  }));
  const probe = {
    ...select,
    expressions,
    group_by: null,
    having: null,
    where_clause: null,
    order_by: null,
    limit: null,
    with: ctes.length === 0 ? null : { ctes, recursive: false, leading_comments: [] },
  };
  const text = generate([{ select: probe }], Dialect.Trino);
  return text.success ? ((text.sql as unknown as string[] | undefined)?.[0] ?? null) : null;
}

/** Column references of an expression; those of subqueries belong to their own SELECT. */
function columnsIn(part: unknown): Node[] {
  if (Array.isArray(part)) return part.flatMap(columnsIn);
  if (typeof part !== "object" || part === null || "select" in part) return [];
  if ("column" in part && typeof part.column === "object") return [part as Node];
  return Object.values(part).flatMap(columnsIn);
}

function resolve(sql: string, schema: { tables: unknown[] }): IndirectColumn[] {
  const result = openLineageColumnLineage(sql, {
    dialect: "trino",
    producer: "nova",
    datasetNamespace: "nova",
    outputDataset: { namespace: "nova", name: "probe" },
    schema: schema as never,
  });
  return Object.values(result.facet?.fields ?? {}).flatMap((field) =>
    field.inputFields.map((input) => ({ dataset: input.name, column: input.field })),
  );
}
