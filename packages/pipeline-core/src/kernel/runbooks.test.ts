import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ErrorKind, POLICY, runbookOf } from "./errors.ts";

const ROOT = join(import.meta.dirname, "../../../..");
const FOLDER = join(ROOT, "docs/runbooks");
const pages = readdirSync(FOLDER).filter((name) => name !== "README.md");
const textOf = (page: string): string => readFileSync(join(FOLDER, page), "utf8");

describe("runbooks", () => {
  it.each(Object.keys(POLICY) as ErrorKind[])("have a page for %s", (kind) => {
    expect(readFileSync(join(ROOT, runbookOf(kind)), "utf8")).toMatch(/^# /);
  });

  it("are named by the remedy that operators are shown", () => {
    for (const [kind, { audience, remedy }] of Object.entries(POLICY))
      expect(remedy.includes(runbookOf(kind as ErrorKind)), kind).toBe(audience !== "caller");
  });

  it.each(pages)(
    "%s says symptom, meaning, steps and how to see that it is over, and its links lead somewhere",
    (page) => {
      const text = textOf(page);
      const parts = [...text.matchAll(/^## (.+)\n\n(.+)/gm)].map(([, title]) => title);
      expect(parts).toEqual(["Symptom", "What it means", "What to do", "It is over when"]);
      for (const [, link = ""] of text.matchAll(/\]\(([^)]+)\)/g))
        expect(existsSync(join(FOLDER, link)), link).toBe(true);
    },
  );

  it("are all in the list", () => {
    const listed = [...textOf("README.md").matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link);
    expect(new Set(listed)).toEqual(new Set(pages));
  });
});
