import { existsSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { fingerprint, unlessUnchanged } from "./fingerprint.mjs";
import { ROOT, TOOLCHAIN } from "./root.mjs";

mkdirSync(TOOLCHAIN, { recursive: true });
const folder = mkdtempSync(join(TOOLCHAIN, "fingerprint-test-"));
const inputs = [relative(ROOT, folder)];
const put = (name, text) => writeFileSync(join(folder, name), text);

describe("fingerprints", () => {
  beforeEach(() => {
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    put("a.ts", "one");
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("changes with content, with a file's name and with a fact", () => {
    const before = fingerprint(inputs);
    expect(fingerprint(inputs)).toBe(before);
    expect(fingerprint(inputs, ["node 26"])).not.toBe(before);
    put("b.ts", "");
    expect(fingerprint(inputs)).not.toBe(before);
    rmSync(join(folder, "b.ts"));
    put("a.ts", "two");
    expect(fingerprint(inputs)).not.toBe(before);
  });

  it("does not change with what no build reads", () => {
    const before = fingerprint(inputs);
    put("a.test.ts", "test");
    put("README.md", "prose");
    mkdirSync(join(folder, ".next-dev"));
    put(".next-dev/built.js", "built");
    expect(fingerprint(inputs)).toBe(before);
  });

  it("skips work only after it has succeeded with the same inputs and its product is there", async () => {
    const name = `test-${process.pid}`;
    const product = join(relative(ROOT, folder), "product");
    let runs = 0;
    const once = (print, fails = false) =>
      unlessUnchanged({
        name,
        print,
        product,
        work: async () => {
          runs += 1;
          if (fails) throw new Error("no disk");
          put("product", "made");
        },
      });
    await expect(once("v1", true)).rejects.toThrow("no disk");
    await once("v1");
    expect(await once("v1")).toBe("unchanged");
    expect(runs).toBe(2);
    await once("v2");
    rmSync(join(folder, "product"));
    await once("v2");
    expect(runs).toBe(4);
    expect(existsSync(join(folder, "product"))).toBe(true);
    rmSync(join(TOOLCHAIN, "stamps", name));
  });
});
