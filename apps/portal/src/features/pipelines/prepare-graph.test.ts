import type { PipelineNode, PipelineNodeState } from "@nova/db/read-models";
import { LAYERS } from "@nova/pipeline-core/catalog";
import { describe, expect, it } from "vitest";
import { elkGraph } from "@/ui/graph/elk-graph.ts";
import { toBoxes } from "./draw-graph.ts";
import { type JudgedNode, judgeNode } from "./judge-node.ts";
import { type GraphView, groupId, prepareGraph } from "./prepare-graph.ts";

const NOW = new Date("2026-11-23T12:00:00Z");
const node = (name: string, pipeline: string, inputs: readonly string[] = []): PipelineNode => ({
  name,
  pipeline,
  inputs,
  layer: LAYERS.find((layer) => name.startsWith(`${layer}.`)) ?? "raw",
  kind: "merge",
  owner: "sales",
});
const NODES = [
  node("raw.orders_db", "capture"),
  node("staged.orders_db__orders", "staged", ["raw.orders_db"]),
  node("staged.orders_db__payments", "staged", ["raw.orders_db"]),
  node("curated.orders", "sales", ["staged.orders_db__orders", "staged.orders_db__payments"]),
  node("mart.daily_sales", "sales", ["curated.orders"]),
];
const CLOSED: GraphView = { by: "pipeline", open: [], find: "" };
const fresh: PipelineNodeState = {
  name: "x",
  targetLagSeconds: 60,
  dataThrough: new Date(NOW.getTime() - 5_000),
  failingChecks: 0,
  warningChecks: 0,
  checkMessage: null,
  rowCount: 1,
  lastStep: null,
  openStep: null,
  pausedBy: null,
  heldBy: null,
};
const ended = {
  runId: "r",
  state: "failed" as const,
  startedAt: NOW,
  endedAt: NOW,
  reason: "",
  rowsOut: 0,
  errorKind: null,
};

describe("the state of a dataset in the graph", () => {
  const condition = (over: Partial<PipelineNodeState>) => judgeNode({ ...fresh, ...over }, NOW).condition;

  it("is the worst that is true of it", () => {
    expect(condition({})).toBe("healthy");
    expect(condition({ dataThrough: null })).toBe("unknown");
    expect(condition({ warningChecks: 1 })).toBe("warning");
    expect(condition({ pausedBy: "a person" })).toBe("stopped");
    expect(condition({ heldBy: "a person", dataThrough: new Date(0) })).toBe("late");
    expect(condition({ failingChecks: 1, dataThrough: new Date(0) })).toBe("failing");
    expect(condition({ failingChecks: 1, lastStep: ended })).toBe("broken");
  });

  it("says beside it what is under way", () => {
    const openStep = { runId: "r", state: "running" as const, reason: "new data" };
    expect(judgeNode({ ...fresh, dataThrough: new Date(0), openStep }, NOW)).toEqual({
      condition: "late",
      activity: "running",
    });
  });
});

describe("the graph of all datasets", () => {
  it("is closed groups first, as data flows, with the lines that remain between them", () => {
    const { groups, lines } = prepareGraph(NODES, new Map(), CLOSED);
    expect(groups.map(({ name, total, open }) => [name, total, open])).toEqual([
      ["capture", 1, false],
      ["staged", 2, false],
      ["sales", 2, false],
    ]);
    expect(lines.map(({ from, to }) => [from, to])).toEqual([
      [groupId("capture"), groupId("staged")],
      [groupId("staged"), groupId("sales")],
    ]);
  });

  it("shows the worst state of a group's datasets, and how many are in which", () => {
    const judged = new Map<string, JudgedNode>([
      ["curated.orders", { condition: "healthy", activity: "running" }],
      ["mart.daily_sales", { condition: "late", activity: null }],
    ]);
    const sales = prepareGraph(NODES, judged, CLOSED).groups.find((group) => group.name === "sales");
    expect(sales).toMatchObject({ worst: "late", conditions: { late: 1, healthy: 1 }, activities: { running: 1 } });
  });

  it("draws the datasets of an open group, and lines from closed groups to them", () => {
    const { lines } = prepareGraph(NODES, new Map(), { ...CLOSED, open: ["sales"] });
    expect(lines.map(({ from, to }) => [from, to])).toEqual([
      [groupId("capture"), groupId("staged")],
      [groupId("staged"), "curated.orders"],
      ["curated.orders", "mart.daily_sales"],
    ]);
  });

  it("draws one line to the frame of a group that one dataset feeds in many places", () => {
    const fed = Array.from({ length: 20 }, (_, index) => node(`staged.table_${index}`, "staged", ["raw.orders_db"]));
    const { lines } = prepareGraph([...NODES.slice(0, 1), ...fed], new Map(), { ...CLOSED, open: ["staged"] });
    expect(lines).toEqual([{ id: "group:capture>group:staged", from: groupId("capture"), to: groupId("staged") }]);
  });

  it("groups by layer from left to right", () => {
    const { groups } = prepareGraph(NODES, new Map(), { ...CLOSED, by: "layer" });
    expect(groups.map(({ name, column }) => [name, column])).toEqual([
      ["raw", 0],
      ["staged", 1],
      ["curated", 2],
      ["mart", 3],
    ]);
  });

  it("shows all that a search finds, and says of how many", () => {
    const { groups, lines, found } = prepareGraph(NODES, new Map(), { ...CLOSED, find: "ORDERS_DB__" });
    expect(found).toBe(2);
    expect(groups).toMatchObject([{ name: "staged", open: true, total: 2 }]);
    expect(lines).toEqual([]);
  });
});

describe("a thousand datasets", () => {
  const layers = ["raw", "staged", "curated", "mart"] as const;
  const many = Array.from({ length: 1_000 }, (_, index): PipelineNode => {
    const depth = index < 20 ? 0 : index < 520 ? 1 : index < 820 ? 2 : 3;
    const inputs = depth === 0 ? [] : [(index * 7) % 20, (index * 13) % Math.max(20, index - 200)];
    return node(
      `${layers[depth] ?? "raw"}.dataset_${index}`,
      `pipeline_${depth}_${index % 8}`,
      [...new Set(inputs)].map((input) => nameOf(input)),
    );
  });
  function nameOf(index: number): string {
    return `${layers[index < 20 ? 0 : index < 520 ? 1 : index < 820 ? 2 : 3] ?? "raw"}.dataset_${index}`;
  }

  it("are few boxes while the groups are closed", () => {
    const prepared = prepareGraph(many, new Map(), CLOSED);
    expect(prepared.groups.length).toBeLessThanOrEqual(32);
    expect(prepared.lines.length).toBeLessThanOrEqual(32 * 31);
  });

  it("are each laid out once when all groups are open, every group by itself", () => {
    const open = [...new Set(many.map(({ pipeline }) => pipeline))];
    const prepared = prepareGraph(many, new Map(), { ...CLOSED, open });
    const boxes = toBoxes(prepared, new Map(), "");
    const laid = elkGraph(boxes, prepared.lines);
    expect(laid.children.flatMap((frame) => frame.children ?? [])).toHaveLength(1_000);
    const placed = new Set(laid.children.flatMap((frame) => [frame.id, ...(frame.children ?? []).map(({ id }) => id)]));
    const levels = [laid, ...laid.children].flatMap((level) => level.edges ?? []);
    expect(levels.every(({ sources, targets }) => [...sources, ...targets].every((id) => placed.has(id)))).toBe(true);
    expect(
      laid.edges?.every(({ sources, targets }) => [...sources, ...targets].every((id) => id.startsWith("group:"))),
    ).toBe(true);
  });
});
