import { DATASET_NAME, type DatasetName } from "@nova/pipeline-core/catalog/dataset-name";
import { isAllowedFunction, isAllowedTableFunction } from "./allowed-functions.ts";

/** Why a query is refused, and where: a byte offset into the SQL, null when unknown. */
export class Refusal extends Error {
  readonly offset: number | null;

  constructor(message: string, offset: number | null = null) {
    super(message);
    this.name = "Refusal";
    this.offset = offset;
  }
}

/** Kinds of expressions that only compute. */
const EXPRESSIONS: ReadonlySet<string> = new Set([
  "BETWEEN",
  "CASE",
  "CAST",
  "COLLATE",
  "COLUMN_REF",
  "COMPARISON",
  "CONJUNCTION",
  "CONSTANT",
  "FUNCTION",
  "LAMBDA",
  "LAMBDA_REF",
  "OPERATOR",
  "POSITIONAL_REFERENCE",
  "STAR",
  "SUBQUERY",
  "TYPE",
  "WINDOW",
]);

/** Query nodes, things after FROM and modifiers that read nothing by themselves. */
const PARTS = new RegExp(
  "^(SELECT_NODE|SET_OPERATION_NODE|RECURSIVE_CTE_NODE" +
    "|BASE_TABLE|SUBQUERY|JOIN|TABLE_FUNCTION|EXPRESSION_LIST|EMPTY|PIVOT" +
    "|(ORDER|LIMIT|LIMIT_PERCENT|DISTINCT)_MODIFIER|ORDER_DEFAULT|ASCENDING|DESCENDING|[A-Z_]+_TYPE_INFO)$",
);

/** What a table of its own query (WITH) may be called; nothing that could be taken for a file. */
const PLAIN_NAME = /^[a-z_][a-z0-9_]*$/i;

export interface Inspection {
  readonly datasets: readonly DatasetName[];
  /** Names of columns the query mentions anywhere, in lower case; null when it takes them all (`*`). */
  readonly mentions: ReadonlySet<string> | null;
}

/** What the walk gathers. */
interface Findings {
  readonly datasets: Set<DatasetName>;
  readonly mentions: Set<string>;
  star: boolean;
}

type Tree = { readonly [key: string]: unknown };

/**
 * Walks the tree of the engine's own parser (`json_serialize_sql`) and returns what it reads. Everything is
 * refused that is not known to be harmless: kinds of nodes, functions, names. Throws `Refusal`.
 */
export function inspectTree(tree: unknown): Inspection {
  const findings: Findings = { datasets: new Set(), mentions: new Set(), star: false };
  walk(tree, new Set(), findings);
  return { datasets: [...findings.datasets], mentions: findings.star ? null : findings.mentions };
}

function walk(value: unknown, scope: ReadonlySet<string>, findings: Findings): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, scope, findings);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const tree = value as Tree;
  const inner = walkWith(tree, scope, findings);
  if (typeof tree["class"] === "string") assertExpression(tree, findings);
  else if (typeof tree["type"] === "string") assertPart(tree, inner, findings);
  if (tree["class"] === "CONSTANT") return;
  const recursive =
    tree["type"] === "RECURSIVE_CTE_NODE" ? new Set([...inner, text(tree, "cte_name").toLowerCase()]) : inner;
  for (const [key, child] of Object.entries(tree)) {
    if (key === "cte_map") continue;
    // The call of a table function is judged where it stands; only its arguments are expressions.
    if (key === "function" && tree["type"] === "TABLE_FUNCTION") walk((child as Tree)["children"], inner, findings);
    else walk(child, key === "right" ? recursive : inner, findings);
  }
}

/** WITH: each body sees the names before it, the rest of the query sees them all. Returns the scope of the rest. */
function walkWith(tree: Tree, scope: ReadonlySet<string>, findings: Findings): ReadonlySet<string> {
  const entries = (tree["cte_map"] as { map?: { key: string; value: unknown }[] } | undefined)?.map ?? [];
  let inner = scope;
  for (const { key, value } of entries) {
    if (!PLAIN_NAME.test(key))
      throw new Refusal(`"${key}" cannot be the name of a WITH query; use letters, digits and _`);
    walk(value, inner, findings);
    inner = new Set([...inner, key.toLowerCase()]);
  }
  return inner;
}

function assertExpression(tree: Tree, findings: Findings): void {
  const kind = text(tree, "class");
  if (kind === "PARAMETER") throw new Refusal("parameters ($1, ?) are not supported; write the value", offsetOf(tree));
  if (!EXPRESSIONS.has(kind)) throw new Refusal(`${kind.toLowerCase()} expressions are not allowed`, offsetOf(tree));
  // `count(*)` is a call without arguments to the parser, so a star always stands for columns.
  if (kind === "STAR") findings.star = true;
  if (kind === "COLUMN_REF")
    for (const part of tree["column_names"] as string[]) findings.mentions.add(part.toLowerCase());
  if (kind !== "FUNCTION" && kind !== "WINDOW") return;
  const name = text(tree, "function_name");
  if (!isAllowedFunction(name)) throw new Refusal(`the function ${name}() is not allowed here`, offsetOf(tree));
  assertOwnSchema(tree, name);
}

function assertPart(tree: Tree, scope: ReadonlySet<string>, findings: Findings): void {
  const kind = text(tree, "type");
  if (kind === "SHOW_REF")
    throw new Refusal("DESCRIBE, SHOW and SUMMARIZE are not allowed; the dataset's page shows its columns");
  if (!PARTS.test(kind)) throw new Refusal(`${kind.toLowerCase().replaceAll("_", " ")} is not allowed`, offsetOf(tree));
  if (kind === "BASE_TABLE") {
    const dataset = datasetOf(tree, scope);
    if (dataset !== null) findings.datasets.add(dataset);
  }
  if (kind === "TABLE_FUNCTION") {
    const call = tree["function"] as Tree;
    const name = text(call, "function_name");
    if (call["class"] !== "FUNCTION" || !isAllowedTableFunction(name))
      throw new Refusal(
        `the table function ${name}() is not allowed; query datasets by name, e.g. curated.orders`,
        offsetOf(tree),
      );
    assertOwnSchema(call, name);
  }
}

/** The dataset a table reference means; null for a WITH query in scope. */
function datasetOf(tree: Tree, scope: ReadonlySet<string>): DatasetName | null {
  const [catalog, schema, table] = [text(tree, "catalog_name"), text(tree, "schema_name"), text(tree, "table_name")];
  if (tree["at_clause"] !== null && tree["at_clause"] !== undefined)
    throw new Refusal("AT (time travel) is not supported", offsetOf(tree));
  if (catalog === "" && schema === "" && PLAIN_NAME.test(table) && scope.has(table.toLowerCase())) return null;
  const written = [catalog, schema, table].filter((part) => part !== "").join(".");
  const name = `${schema}.${table}`.toLowerCase();
  if (catalog !== "" || !DATASET_NAME.test(name))
    throw new Refusal(
      `"${written}" is not a dataset; write layer.name as the catalog shows it, e.g. curated.orders`,
      offsetOf(tree),
    );
  return name;
}

function assertOwnSchema(call: Tree, name: string): void {
  const [schema, catalog] = [text(call, "schema"), text(call, "catalog")];
  if (catalog !== "" || (schema !== "" && schema !== "main"))
    throw new Refusal(`call ${name}() without a schema`, offsetOf(call));
}

function text(tree: Tree, key: string): string {
  const value = tree[key];
  return typeof value === "string" ? value : "";
}

/** The parser writes 2^64 - 1 where it knows no place. */
function offsetOf(tree: Tree): number | null {
  const offset = tree["query_location"];
  return typeof offset === "number" && Number.isSafeInteger(offset) ? offset : null;
}
