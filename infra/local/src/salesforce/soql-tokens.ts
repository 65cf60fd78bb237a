import { faultOf } from "./api-fault.ts";

export type Token =
  | { readonly kind: "word"; readonly text: string }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "date"; readonly text: string }
  | { readonly kind: "symbol"; readonly text: string };

const PATTERN =
  /\s+|(?<string>'(?:[^'\\]|\\.)*')|(?<date>\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))?)|(?<number>[+-]?\d+(?:\.\d+)?)|(?<word>[A-Za-z_][\w.]*(?::\d+)?)|(?<symbol><=|>=|!=|<>|[=<>(),])/y;

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

const unquote = (text: string): string =>
  text.slice(1, -1).replaceAll(/\\(.)/gs, (_, letter: string) => ESCAPES[letter] ?? letter);

/** Cuts SOQL into tokens; text that is none of SOQL's is a MALFORMED_QUERY that shows where. */
export function tokenize(soql: string): Token[] {
  const tokens: Token[] = [];
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < soql.length) {
    const at = PATTERN.lastIndex;
    const match = PATTERN.exec(soql);
    if (match === null)
      throw faultOf("MALFORMED_QUERY", `unexpected token: '${soql.slice(at, at + 10)}' at column ${at + 1}`);
    const { string, date, number, word, symbol } = match.groups ?? {};
    if (string !== undefined) tokens.push({ kind: "string", text: unquote(string) });
    else if (date !== undefined) tokens.push({ kind: "date", text: date });
    else if (number !== undefined) tokens.push({ kind: "number", text: number });
    else if (word !== undefined) tokens.push({ kind: "word", text: word });
    else if (symbol !== undefined) tokens.push({ kind: "symbol", text: symbol === "<>" ? "!=" : symbol });
  }
  return tokens;
}
