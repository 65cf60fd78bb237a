import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, it } from "vitest";
import { inTurn } from "./preparation-turn.mjs";

it("a turn ends with its work, so that what this process starts can prepare for itself", async () => {
  expect(await inTurn(async () => "prepared")).toBe("prepared");
  const turnModule = join(import.meta.dirname, "preparation-turn.mjs");
  const script = `import { inTurn } from ${JSON.stringify(turnModule)}; await inTurn(async () => console.log("its turn"));`;
  const child = spawnSync(process.execPath, ["--input-type=module", "--eval", script], {
    encoding: "utf8",
    timeout: 30_000,
  });
  expect(child.stdout).toContain("its turn");
});
