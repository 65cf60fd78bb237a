import { Command } from "commander";
import { expect, test } from "vitest";
import { addDriftCommands, driftListText } from "./drift.ts";
import type { WorkerClient } from "./worker-client.ts";

const ITEM = {
  id: "01990000-0000-7000-8000-000000000001",
  source: "orders_db",
  stream: "public.orders",
  fromVersion: 1,
  toVersion: 2,
  change: { kind: "renamed", column: "total", newName: "amount", from: "integer", to: "integer" },
  state: "open",
  waits: true,
  position: "0001",
  seenAt: "2026-11-23T09:00:00.000Z",
  decidedBy: null,
  decidedAt: null,
} as const;

async function nova(answer: unknown, ...line: string[]): Promise<{ asked: unknown[]; printed: string }> {
  const asked: unknown[] = [];
  let printed = "";
  const worker: WorkerClient = {
    get(path, query, schema) {
      asked.push([path, query]);
      return Promise.resolve(schema.parse(answer) as never);
    },
    post(path, body, schema) {
      asked.push([path, body]);
      return Promise.resolve(schema.parse(answer) as never);
    },
  };
  const program = new Command("nova").exitOverride();
  addDriftCommands(program, program.command("sources"), {
    worker: () => Promise.resolve(worker),
    print: (text) => (printed += text),
    printJson: (value) => (printed += JSON.stringify(value)),
  });
  await program.parseAsync(line, { from: "user" });
  return { asked, printed };
}

test("the list says what changed, what happens meanwhile, and which dataset waits", async () => {
  const { asked, printed } = await nova([ITEM], "drift");
  expect(asked).toEqual([["/drift", {}]]);
  expect(printed.split("\n")).toEqual([
    `${ITEM.id}  orders_db/public.orders  LOADING WAITS`,
    "  column total is gone, and amount of the same type (integer) came in its place",
    "  Loading of the dataset waits: it keeps its last good state, and everything goes on being kept in raw.",
  ]);
  expect((await nova([], "drift", "list", "stripe", "--all")).asked).toEqual([
    ["/drift", { source: "stripe", all: "true" }],
  ]);
  expect(driftListText([])).toBe("nothing waits for a decision");
});

test("a decision is sent with its column and in whose name, and its effect is said", async () => {
  const answer = { item: { ...ITEM, state: "mapped", decidedBy: "ana@example.com" }, asked: null };
  const { asked, printed } = await nova(answer, "drift", "map", ITEM.id, "amount", "--as", "ana@example.com");
  expect(asked).toEqual([
    [`/drift/${ITEM.id}/decision`, { choice: "map", target: "amount", email: "ana@example.com" }],
  ]);
  expect(printed).toContain("mapped: amount continues total");
  const accepted = await nova({ ...answer, asked: { id: "r1" } }, "drift", "accept", ITEM.id);
  expect(accepted.asked).toEqual([[`/drift/${ITEM.id}/decision`, { choice: "accept", target: null }]]);
});

test("the rule for new tables is a source's setting", async () => {
  const { asked, printed } = await nova(
    { source: "orders_db", rule: "ask" },
    "sources",
    "new-tables",
    "orders_db",
    "ask",
  );
  expect(asked).toEqual([["/sources/orders_db/new-tables", { rule: "ask" }]]);
  expect(printed).toBe("new tables of orders_db: ask");
});
