import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../../../../", import.meta.url);
const DOC = readFileSync(new URL("docs/capture.md", ROOT), "utf8");

interface CaseRow {
  readonly cases: string;
  readonly told: string;
}

/** Rows of the table of cases: `| 7 … | tests, or why not |`. */
const rows: readonly CaseRow[] = DOC.slice(DOC.indexOf("## Cases"))
  .split("\n")
  .flatMap((line) => {
    const [, cases, told] = /^\| (\d.*?) \| (.*) \|$/.exec(line) ?? [];
    return cases === undefined || told === undefined ? [] : [{ cases, told }];
  });

interface NamedTest {
  readonly file: string;
  /** Pieces of its title, in order. */
  readonly title: readonly string[];
}

/** `file.test` “piece…piece”, the file beside this one unless a path is given. */
function namedTests(told: string): NamedTest[] {
  const found: NamedTest[] = [];
  let file = "";
  for (const [, name, title] of told.matchAll(/`([\w./-]+\.test)`|“([^”]+)”/g)) {
    if (name !== undefined) file = name;
    else
      found.push({
        file,
        title: (title ?? "")
          .split("…")
          .map((piece) => piece.trim())
          .filter((piece) => piece !== ""),
      });
  }
  return found;
}

function sourceOf(file: string): string {
  const folder = file.startsWith("apps/")
    ? ""
    : file.startsWith("duckdb/")
      ? "packages/engines/src/"
      : "packages/engines/src/postgres-capture/";
  const path = file === "slot-care.test" ? `packages/pipeline-core/src/connectors/${file}` : `${folder}${file}`;
  return readFileSync(new URL(`${path}.ts`, ROOT), "utf8");
}

const TITLE = /(?:test|it|describe)(?:\.\w+(?:\([^)]*\))?|\.each\([\s\S]*?\))*\(\s*(["'`])((?:(?!\1).)*)\1/g;
/** The first column of `test.each`, which goes into the title. */
const ROW_NAME = /^\s+\["([^"]+)"/gm;

/** Titles of a test file as they are written; a template's holes stay in. */
function titlesOf(file: string): string[] {
  const text = sourceOf(file);
  return [
    ...[...text.matchAll(TITLE)].map(([, , title = ""]) => title),
    ...[...text.matchAll(ROW_NAME)].map(([, name = ""]) => name),
  ];
}

test("every case of the field is in the table, once", () => {
  const numbers = rows.flatMap(({ cases }) => {
    const list = /^((?:\d+(?:, )?)+)(?= |$)/.exec(cases)?.[1] ?? "";
    return cases.startsWith("1.3") ? [] : list.split(",").map(Number);
  });
  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  expect(rows.filter(({ cases }) => cases.startsWith("1.3"))).toHaveLength(4);
});

test.each(rows.map((row) => [row.cases, row] as const))(
  "case %s names tests that are there, or says why not",
  (_cases, { told }) => {
    const named = namedTests(told);
    const files = [...told.matchAll(/`([\w./-]+\.test)`/g)].map(([, file = ""]) => file);
    // A row without a test gives its reason in a sentence.
    expect(files.length > 0 || told.split(" ").length > 8).toBe(true);
    for (const file of files) expect(sourceOf(file).length).toBeGreaterThan(0);
    for (const { file, title } of named) {
      const fits = titlesOf(file).filter((each) => {
        let at = 0;
        return title.every((piece) => (at = each.indexOf(piece, at)) >= 0);
      });
      expect({ file, title, fits: fits.length > 0 }).toEqual({ file, title, fits: true });
    }
  },
);
