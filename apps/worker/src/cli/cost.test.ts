import { Command } from "commander";
import { expect, test } from "vitest";
import { addCost, type Cost } from "./cost.ts";
import type { WorkerClient } from "./worker-client.ts";

const COST: Cost = {
  from: "2026-11-01",
  to: "2026-11-16",
  by: "owner",
  month: {
    dollars: 2_000,
    budgetDollars: 2_500,
    projectedDollars: 4_000,
    verdict: "over-pace",
    reachedOn: new Date("2026-11-19T18:00:00Z"),
  },
  rows: [
    { name: "sales-data", scannedBytes: 300e12, billedBytes: 400e12, queries: 12_000, dollars: 2_000 },
    { name: "", scannedBytes: 0, billedBytes: 10e6, queries: 1, dollars: 0.00005 },
  ],
};

async function nova(answer: Cost, ...args: string[]) {
  let printed = "";
  const asked: unknown[] = [];
  const client: WorkerClient = {
    async get(path, query, schema) {
      asked.push([path, query]);
      return schema.parse(answer);
    },
    post: async () => Promise.reject(new Error("nothing is sent")),
  };
  const program = new Command("nova").exitOverride();
  addCost(program, {
    worker: async () => client,
    print: (text) => (printed += text),
    printJson: (value) => (printed += JSON.stringify(value)),
  });
  await program.parseAsync(["cost", ...args], { from: "user" });
  return { printed, asked };
}

test("tells the month, the range and who is charged", async () => {
  const { printed, asked } = await nova(COST, "--by", "owner", "--from", "2026-11-01");
  expect(asked).toEqual([["/cost", { by: "owner", from: "2026-11-01", to: undefined }]]);
  expect(printed.split("\n")).toEqual([
    "$2,000.00 so far this month; at this pace $4,000.00, more than the budget of $2,500.00, which is used up on 2026-11-19",
    "2026-11-01 to 2026-11-16: $2,000.00",
    "",
    "OWNER         DOLLARS    BILLED MB   SCANNED MB  QUERIES",
    "sales-data  $2,000.00  400,000,000  300,000,000   12,000",
    "(none)      < $0.0001           10            0        1",
  ]);
});

test("says so when nothing was scanned; JSON is what the worker said", async () => {
  const empty = { ...COST, rows: [] };
  expect((await nova(empty)).printed).toContain("nothing was scanned from 2026-11-01 to 2026-11-16");
  expect(JSON.parse((await nova(empty, "--json")).printed)).toMatchObject({ by: "owner", rows: [] });
});
