import { PlatformError } from "@nova/pipeline-core/kernel";
import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";

function capture() {
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger("info", {
    write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
  });
  return { lines, logger };
}

test("a line carries time, level, message and the fields of its logger", () => {
  const { lines, logger } = capture();
  logger.with({ source: "stripe" }).info("connected", { tries: 2 });
  logger.debug("not at this level");
  expect(lines).toEqual([
    { level: "info", time: expect.stringMatching(/^\d{4}-.*Z$/), source: "stripe", tries: 2, msg: "connected" },
  ]);
});

test("an error keeps kind, detail and causes, and loses passwords inside addresses", () => {
  const { lines, logger } = capture();
  const cause = new Error("connect postgres://nova:hunter2@db:5432/nova failed");
  logger.error("lost", {
    error: new PlatformError("source-unreachable", "the order database does not answer", {
      detail: { tries: 3 },
      cause,
    }),
  });
  expect(lines[0]).toMatchObject({
    error: {
      kind: "source-unreachable",
      detail: { tries: 3 },
      cause: { message: "connect postgres://nova:***@db:5432/nova failed" },
    },
  });
  expect(JSON.stringify(lines)).not.toContain("hunter2");
});

test("fields that are named like secrets or payloads never show", () => {
  const { lines, logger } = capture();
  logger.warn("odd", { token: "hunter2", request: { authorization: "Bearer hunter2" }, payload: "jane@example.com" });
  expect(lines[0]).toMatchObject({ token: "[hidden]", request: { authorization: "[hidden]" }, payload: "[hidden]" });
});
