import { Command } from "commander";
import { expect, test } from "vitest";
import { addSourceCommands, diagnosisText } from "./sources.ts";
import type { WorkerClient } from "./worker-client.ts";

const DIAGNOSIS = {
  findings: [
    { requirement: "Connection", outcome: "ok", found: "database orders", remedy: null },
    {
      requirement: "Logical decoding",
      outcome: "wrong",
      found: "wal_level is replica",
      remedy: "ALTER SYSTEM SET wal_level = logical;",
    },
  ],
} as const;

async function nova(
  answer: unknown,
  ...line: string[]
): Promise<{ asked: unknown[]; printed: string; failure: string | null }> {
  const asked: unknown[] = [];
  let printed = "";
  const worker: WorkerClient = {
    get: () => Promise.reject(new Error("nothing is read")),
    post(path, body, schema) {
      asked.push([path, body]);
      return Promise.resolve(schema.parse(answer) as never);
    },
  };
  const sources = new Command("sources").exitOverride();
  addSourceCommands(sources, {
    worker: () => Promise.resolve(worker),
    print: (text) => (printed += text),
    printJson: (value) => (printed += JSON.stringify(value)),
  });
  const failure = await sources.parseAsync(line, { from: "user" }).then(
    () => null,
    (error: Error) => error.message,
  );
  return { asked, printed, failure };
}

test("a check prints the worst first with the statement that mends it, and fails when something is wrong", async () => {
  const { asked, printed, failure } = await nova(DIAGNOSIS, "check");
  expect(asked).toEqual([["/sources/orders_db/check", {}]]);
  expect(printed).toBe(
    [
      "WRONG    Logical decoding  wal_level is replica",
      "         ALTER SYSTEM SET wal_level = logical;",
      "OK       Connection        database orders",
    ].join("\n"),
  );
  expect(failure).toBe("orders_db does not meet every requirement");
  expect(diagnosisText({ findings: [] })).toBe("");
});

test("a request names the table, or all of them, and in whose name", async () => {
  const answer = { id: "r1", action: "resync", stream: null };
  expect((await nova(answer, "resync", "orders_db", "--all", "--as", "ana@example.com")).asked).toEqual([
    ["/sources/orders_db/requests", { stream: null, action: "resync", email: "ana@example.com" }],
  ]);
  const one = await nova({ ...answer, action: "pause", stream: "public.a" }, "pause", "orders_db", "public.a");
  expect(one.printed).toContain("asked to pause public.a (r1)");
  const words = await nova({ ...answer, action: "replay" }, "replay", "app_logs", "events", "--why", "ts: no zone");
  expect(words.asked).toEqual([
    ["/sources/app_logs/requests", { stream: "events", action: "replay", why: "ts: no zone" }],
  ]);
  expect((await nova(answer, "pause", "orders_db")).failure).toBe("stream: name the table to pause");
});
