import { faultOf } from "./api-fault.ts";
import { fieldNamed, type FieldDefinition, objectNamed, type ObjectDefinition } from "./objects.ts";
import { type Token, tokenize } from "./soql-tokens.ts";

export type ComparisonOperator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE";
export type Literal = string | number | boolean | null;

export type Condition =
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] }
  | { readonly kind: "not"; readonly part: Condition }
  | {
      readonly kind: "compare";
      readonly field: FieldDefinition;
      readonly operator: ComparisonOperator;
      readonly value: Literal;
    }
  | {
      readonly kind: "in";
      readonly field: FieldDefinition;
      readonly values: readonly Literal[];
      readonly negated: boolean;
    };

export interface Aggregate {
  readonly function: "COUNT" | "MIN" | "MAX";
  readonly field: FieldDefinition;
  readonly alias: string;
}

export interface Query {
  readonly object: ObjectDefinition;
  readonly fields: readonly FieldDefinition[];
  /** `SELECT COUNT()`: the answer is `totalSize` alone. */
  readonly countOnly: boolean;
  readonly aggregates: readonly Aggregate[];
  readonly where: Condition | null;
  readonly orderBy: readonly {
    readonly field: FieldDefinition;
    readonly descending: boolean;
    readonly nullsLast: boolean;
  }[];
  readonly limit: number | null;
  readonly offset: number | null;
}

const malformed = (message: string): Error => faultOf("MALFORMED_QUERY", message);
const COMPARISONS = new Set(["=", "!=", "<", "<=", ">", ">="]);

class Reader {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  peek(offset = 0): Token | undefined {
    return this.tokens[this.at + offset];
  }

  next(): Token {
    const token = this.tokens[this.at];
    if (token === undefined) throw malformed("unexpected end of query");
    this.at += 1;
    return token;
  }

  isWord(word: string, offset = 0): boolean {
    const token = this.peek(offset);
    return token?.kind === "word" && token.text.toUpperCase() === word;
  }

  takeWord(word: string): boolean {
    if (!this.isWord(word)) return false;
    this.at += 1;
    return true;
  }

  takeSymbol(symbol: string): boolean {
    const token = this.peek();
    if (token?.kind !== "symbol" || token.text !== symbol) return false;
    this.at += 1;
    return true;
  }

  expectWord(word: string): void {
    if (!this.takeWord(word)) throw malformed(`expecting '${word}', found '${this.peek()?.text ?? "<EOF>"}'`);
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw malformed(`expecting '${symbol}', found '${this.peek()?.text ?? "<EOF>"}'`);
  }

  name(): string {
    const token = this.next();
    if (token.kind !== "word") throw malformed(`unexpected token: '${token.text}'`);
    return token.text;
  }

  wholeNumber(): number {
    const token = this.next();
    if (token.kind !== "number" || !/^\d+$/.test(token.text))
      throw malformed(`expecting a number, found '${token.text}'`);
    return Number(token.text);
  }
}

interface Selected {
  readonly name: string;
  readonly call: string | null;
  readonly alias: string | null;
}

function readSelected(reader: Reader): Selected[] {
  const selected: Selected[] = [];
  do {
    const name = reader.name();
    if (!reader.takeSymbol("(")) {
      selected.push({ name, call: null, alias: null });
      continue;
    }
    const argument = reader.takeSymbol(")") ? "" : reader.name();
    if (argument !== "") reader.expectSymbol(")");
    const alias = reader.peek()?.kind === "word" && !reader.isWord("FROM") ? reader.name() : null;
    selected.push({ name: argument, call: name.toUpperCase(), alias });
  } while (reader.takeSymbol(","));
  return selected;
}

function resolve(object: ObjectDefinition, name: string): FieldDefinition {
  const field = fieldNamed(object, name.startsWith(`${object.name}.`) ? name.slice(object.name.length + 1) : name);
  if (field !== undefined) return field;
  if (name.includes("."))
    throw faultOf("INVALID_FIELD", `Didn't understand relationship '${name.split(".")[0] ?? ""}' in field path.`);
  throw faultOf(
    "INVALID_FIELD",
    `No such column '${name}' on entity '${object.name}'. If you are attempting to use a custom field, be sure to append the '__c' after the custom field name.`,
  );
}

/** A literal in the form in which records hold values of that field. */
function literal(token: Token, field: FieldDefinition): Literal {
  const dated = field.type === "date" || field.type === "datetime";
  if (dated && token.kind === "date" && token.text.includes("T") === (field.type === "datetime")) {
    const at = new Date(token.text);
    if (Number.isNaN(at.getTime())) throw malformed(`invalid date: ${token.text}`);
    return field.type === "datetime" ? at.toISOString() : token.text;
  }
  const word = token.kind === "word" ? token.text.toLowerCase() : "";
  if (word === "null") return null;
  if (field.type === "boolean" && (word === "true" || word === "false")) return word === "true";
  const numeric = field.type === "int" || field.type === "currency" || field.type === "percent";
  if (numeric && token.kind === "number") return Number(token.text);
  if (!dated && !numeric && field.type !== "boolean" && token.kind === "string") return token.text;
  throw faultOf(
    "INVALID_FIELD",
    `value of filter criterion for field '${field.name}' must be of type ${field.type === "datetime" ? "dateTime" : field.type}${dated || numeric || field.type === "boolean" ? " and should not be enclosed in quotes" : ""}`,
  );
}

function readComparison(reader: Reader, object: ObjectDefinition): Condition {
  const field = resolve(object, reader.name());
  if (field.type === "textarea" || field.type === "address")
    throw faultOf("INVALID_FIELD", `field '${field.name}' can not be filtered in a query call`);
  const negated = reader.isWord("NOT") && reader.isWord("IN", 1);
  if (negated) reader.next();
  if (reader.takeWord("IN")) {
    const values: Literal[] = [];
    reader.expectSymbol("(");
    do values.push(literal(reader.next(), field));
    while (reader.takeSymbol(","));
    reader.expectSymbol(")");
    return { kind: "in", field, values, negated };
  }
  if (reader.takeWord("LIKE"))
    return { kind: "compare", field, operator: "LIKE", value: literal(reader.next(), field) };
  const symbol = reader.next();
  if (symbol.kind !== "symbol" || !COMPARISONS.has(symbol.text)) throw malformed(`unexpected token: '${symbol.text}'`);
  return { kind: "compare", field, operator: symbol.text as ComparisonOperator, value: literal(reader.next(), field) };
}

function readTerm(reader: Reader, object: ObjectDefinition): Condition {
  if (reader.takeWord("NOT")) return { kind: "not", part: readTerm(reader, object) };
  if (!reader.takeSymbol("(")) return readComparison(reader, object);
  const inner = readCondition(reader, object);
  reader.expectSymbol(")");
  return inner;
}

/** SOQL has no precedence between AND and OR: mixing them without parentheses is an error, here as there. */
function readCondition(reader: Reader, object: ObjectDefinition): Condition {
  const parts = [readTerm(reader, object)];
  const word = reader.isWord("OR") ? "OR" : "AND";
  while (reader.takeWord(word)) parts.push(readTerm(reader, object));
  if (reader.isWord("OR") || reader.isWord("AND")) throw malformed("AND and OR need parentheses when they are mixed");
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: word === "OR" ? "or" : "and", parts };
}

function readOrder(reader: Reader, object: ObjectDefinition): Query["orderBy"] {
  const order: { field: FieldDefinition; descending: boolean; nullsLast: boolean }[] = [];
  do {
    const field = resolve(object, reader.name());
    const descending = reader.takeWord("DESC");
    if (!descending) reader.takeWord("ASC");
    let nullsLast = false;
    if (reader.takeWord("NULLS")) {
      nullsLast = reader.takeWord("LAST");
      if (!nullsLast) reader.expectWord("FIRST");
    }
    order.push({ field, descending, nullsLast });
  } while (reader.takeSymbol(","));
  return order;
}

function selectedFields(object: ObjectDefinition, selected: readonly Selected[]): FieldDefinition[] {
  return selected.flatMap(({ name, call }) => {
    if (call === null) return [resolve(object, name)];
    if (call !== "FIELDS") return [];
    if (name.toUpperCase() === "STANDARD") return object.fields.filter((field) => !field.custom);
    if (name.toUpperCase() === "CUSTOM") return object.fields.filter((field) => field.custom);
    return [...object.fields];
  });
}

/**
 * Reads the part of SOQL that copying an object needs: fields, COUNT / MIN / MAX without GROUP BY, conditions,
 * ORDER BY, LIMIT, OFFSET. Anything else is refused with the code Salesforce uses.
 */
export function parseSoql(soql: string): Query {
  const reader = new Reader(tokenize(soql));
  reader.expectWord("SELECT");
  const selected = readSelected(reader);
  reader.expectWord("FROM");
  const from = reader.name();
  const object = objectNamed(from);
  if (object === undefined)
    throw faultOf(
      "INVALID_TYPE",
      `sObject type '${from}' is not supported. If you are attempting to use a custom object, be sure to append the '__c' after the entity name.`,
    );
  const where = reader.takeWord("WHERE") ? readCondition(reader, object) : null;
  if (reader.isWord("GROUP")) throw malformed("this stand-in answers aggregates over all rows only, without GROUP BY");
  let orderBy: Query["orderBy"] = [];
  if (reader.takeWord("ORDER")) {
    reader.expectWord("BY");
    orderBy = readOrder(reader, object);
  }
  const limit = reader.takeWord("LIMIT") ? reader.wholeNumber() : null;
  const offset = reader.takeWord("OFFSET") ? reader.wholeNumber() : null;
  const rest = reader.peek();
  if (rest !== undefined) throw malformed(`unexpected token: '${rest.text}'`);

  const fields = selectedFields(object, selected);
  const aggregates = selected.flatMap(({ name, call, alias }, index): Aggregate[] => {
    if (call === null || call === "FIELDS" || (call === "COUNT" && name === "")) return [];
    if (call !== "COUNT" && call !== "MIN" && call !== "MAX") throw malformed(`unknown function '${call}'`);
    return [{ function: call, field: resolve(object, name), alias: alias ?? `expr${index}` }];
  });
  const countOnly = selected.some(({ name, call }) => call === "COUNT" && name === "");
  if ((countOnly || aggregates.length > 0) && (fields.length > 0 || (countOnly && aggregates.length > 0)))
    throw malformed("Grouped fields and aggregates cannot be mixed without GROUP BY");
  if (
    selected.some(({ name, call }) => call === "FIELDS" && name.toUpperCase() !== "STANDARD") &&
    (limit === null || limit > 200)
  ) {
    throw malformed("The SOQL FIELDS function must have a LIMIT of at most 200");
  }
  return { object, fields, countOnly, aggregates, where, orderBy, limit, offset };
}
