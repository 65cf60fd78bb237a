import type { ModelFile, ParameterDefinitions, ParameterValues } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import { ast, Dialect, generate, parse, tokenize } from "@polyglot-sql/sdk";

type Node = Parameters<typeof ast.walk>[0];

/** `param('name')`: a call as any other to every Trino parser; the name is one text. */
const FUNCTION = "param";
/** Texts without it need not be parsed: parsing is what loading a model takes longest for. */
const MAY_CALL = /\bparam"?\s*\(/i;

/**
 * The model's Trino SQL, as Athena runs it, with each `param('name')` replaced in the parsed query by a literal of the
 * parameter's type: of the values given, in canonical form, else the default. Throws `model-invalid` that names file, line and
 * column of a use that is not sound, or the header's place of a parameter that nothing uses.
 */
export function bindParameters(file: ModelFile, values: ParameterValues = {}): string {
  const { parameters, inputs, checks } = file.header;
  refuseInHeader(
    file,
    Object.entries(inputs).flatMap(([name, { key, via, filter }]) => [
      ...(key ?? []).map((expression) => [["inputs", name, "key"], `SELECT ${expression}`] as const),
      ...(via === undefined ? [] : [[["inputs", name, "via"], via] as const]),
      ...(filter === undefined ? [] : [[["inputs", name, "filter"], `SELECT ${filter}`] as const]),
    ]),
  );
  refuseInHeader(
    file,
    checks.flatMap((check, index) =>
      "sql" in check ? [[["checks", index, "sql", "query"], check.sql.query] as const] : [],
    ),
  );
  const names = usesOf(file, parameters);
  const unused = Object.keys(parameters).find((name) => !names.includes(name));
  if (unused !== undefined)
    throw new PlatformError(
      "model-invalid",
      `declares the parameter ${unused} but its SQL never reads param('${unused}'); use it or take it out`,
      { detail: { path: file.path, header: ["parameters", unused] } },
    );
  if (names.length === 0) return file.sql;
  const bound = statementsOf(file.sql).map((statement) =>
    ast.replaceNodes(statement, isCall, (call) => {
      const name = argumentOf(call);
      const { type = "string", default: standard = "" } = parameters[name] ?? {};
      return literalOf(type, values[name] ?? standard);
    }),
  );
  const written = generate(bound, Dialect.Trino);
  const [sql] = written.sql ?? [];
  if (!written.success || sql === undefined)
    throw new PlatformError("model-invalid", `${file.path}:${file.sqlLine}: ${written.error ?? "cannot be written"}`);
  return sql;
}

const TRINO_TYPES: Readonly<Record<string, string>> = { int: "integer", long: "bigint", string: "varchar" };

function statementsOf(sql: string): Node[] {
  const parsed = parse(sql, Dialect.Trino);
  // What cannot be parsed is refused with its place by the transpiler.
  return parsed.success ? (parsed.ast as Node[]) : [];
}

function isCall(node: Node): boolean {
  return ast.getExprType(node) === "function" && callOf(node).name.toLowerCase() === FUNCTION;
}

function callOf(node: Node): { readonly name: string; readonly args: readonly Node[] } {
  return ast.getExprData(node) as unknown as { name: string; args: Node[] };
}

function argumentOf(call: Node): string {
  const [only] = callOf(call).args;
  return (only as { literal?: { value: string } } | undefined)?.literal?.value ?? "";
}

/** `CAST('value' AS type)`; the value is put into the parsed literal, never into a text. */
function literalOf(type: string, value: string): Node {
  const [select] = statementsOf(`SELECT CAST('' AS ${TRINO_TYPES[type] ?? type})`);
  const { cast } = (
    select as unknown as { select: { expressions: [{ cast: { this: { literal: { value: string } } } }] } }
  ).select.expressions[0];
  return { cast: { ...cast, this: { literal: { ...cast.this.literal, value } } } } as unknown as Node;
}

/** Names of the parameters that the SELECT reads; a use that is not sound is refused with its place. */
function usesOf(file: ModelFile, parameters: ParameterDefinitions): string[] {
  if (!MAY_CALL.test(file.sql)) return [];
  const tokens = tokenize(file.sql, Dialect.Trino).tokens ?? [];
  // Places of tokens count characters, not the units of a text.
  const characters = [...file.sql];
  return tokens.flatMap(({ text, span }, index) => {
    const [open, name, close] = tokens.slice(index + 1, index + 4);
    if (text.toLowerCase() !== FUNCTION || open?.text !== "(") return [];
    if (name === undefined || close?.text !== ")" || characters[name.span.start] !== "'")
      throw misused(file, span.start, "param takes the name of a parameter as one text, e.g. param('tolerance')");
    if (Object.hasOwn(parameters, name.text)) return [name.text];
    const known = Object.keys(parameters).join(", ");
    const hint = known === "" ? "declare it under parameters in the header" : `the header declares ${known}`;
    throw misused(file, span.start, `there is no parameter ${name.text}; ${hint}`);
  });
}

function refuseInHeader(
  file: ModelFile,
  texts: readonly (readonly [place: readonly (string | number)[], sql: string])[],
) {
  for (const [header, sql] of texts)
    if (MAY_CALL.test(sql) && statementsOf(sql).some((statement) => ast.findAll(statement, isCall).length > 0))
      throw new PlatformError(
        "model-invalid",
        "param is for the model's SELECT only: which rows are recomputed, and what is checked, must not hang on it",
        { detail: { path: file.path, header } },
      );
}

function misused(file: ModelFile, at: number, message: string): PlatformError {
  const before = [...file.sql].slice(0, at).join("");
  const line = file.sqlLine + before.split("\n").length - 1;
  const column = before.length - before.lastIndexOf("\n");
  return new PlatformError("model-invalid", `${file.path}:${line}:${column}: ${message}`, {
    detail: { path: file.path, line, column },
  });
}
