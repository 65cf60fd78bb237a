import { type Layer, LAYERS } from "@nova/pipeline-core/catalog";
import type { PipelineNode } from "@nova/db/read-models";
import { type Activity, type Condition, CONDITIONS, type JudgedNode } from "./judge-node.ts";

export type Grouping = "pipeline" | "layer";

export interface GraphView {
  readonly by: Grouping;
  /** Names of the groups that are open. */
  readonly open: readonly string[];
  /** Part of a dataset's name; empty = all of them. */
  readonly find: string;
}

export interface GraphGroup {
  /** Never the name of a dataset. */
  readonly id: string;
  readonly name: string;
  /** Position from left to right; null: wherever the lines lead. */
  readonly column: number | null;
  readonly open: boolean;
  readonly total: number;
  readonly shown: readonly PipelineNode[];
  /** The worst state of what it shows; null while no state is known. */
  readonly worst: Condition | null;
  readonly conditions: Readonly<Partial<Record<Condition, number>>>;
  readonly activities: Readonly<Partial<Record<Activity, number>>>;
}

export interface PreparedGraph {
  readonly groups: readonly GraphGroup[];
  /** Between what is drawn: datasets of open groups, and closed groups. */
  readonly lines: readonly { readonly id: string; readonly from: string; readonly to: string }[];
  readonly found: number;
}

/** So few that a search shows them all at once instead of counts of them. */
const FEW_FOUND = 60;
/** More lines than this from one box into one open group are drawn as one line to its frame. */
const FEW_LINES = 8;

export const groupId = (name: string): string => `group:${name}`;

function groupOf(node: PipelineNode, by: Grouping): string {
  return by === "layer" ? node.layer : node.pipeline;
}

/** What is drawn of all datasets: groups with counts and their worst state, and between them the lines that remain. */
export function prepareGraph(
  nodes: readonly PipelineNode[],
  judged: ReadonlyMap<string, JudgedNode>,
  { by, open, find }: GraphView,
): PreparedGraph {
  const wanted = find.toLowerCase();
  const shown = wanted === "" ? nodes : nodes.filter((node) => node.name.toLowerCase().includes(wanted));
  const opened = new Set(open);
  const openAll = wanted !== "" && shown.length <= FEW_FOUND;
  const totals = Map.groupBy(nodes, (node) => groupOf(node, by));
  const groups = [...Map.groupBy(shown, (node) => groupOf(node, by))].map(([name, members]): GraphGroup => ({
    id: groupId(name),
    name,
    column: by === "layer" ? LAYERS.indexOf(name as Layer) : null,
    open: openAll || opened.has(name),
    total: totals.get(name)?.length ?? members.length,
    shown: members,
    ...countStates(members, judged),
  }));
  const place = new Map(
    groups.flatMap((group) => group.shown.map((node) => [node.name, group.open ? node.name : group.id] as const)),
  );
  return { groups: inOrder(groups, by), lines: bundled(linesBetween(shown, place), groups), found: shown.length };
}

function countStates(
  members: readonly PipelineNode[],
  judged: ReadonlyMap<string, JudgedNode>,
): Pick<GraphGroup, "worst" | "conditions" | "activities"> {
  const conditions: Partial<Record<Condition, number>> = {};
  const activities: Partial<Record<Activity, number>> = {};
  for (const { name } of members) {
    const state = judged.get(name);
    if (state === undefined) continue;
    conditions[state.condition] = (conditions[state.condition] ?? 0) + 1;
    if (state.activity !== null) activities[state.activity] = (activities[state.activity] ?? 0) + 1;
  }
  return { worst: CONDITIONS.find((condition) => conditions[condition] !== undefined) ?? null, conditions, activities };
}

/** Left to right as data flows, so that the keyboard and the eye go the same way. */
function inOrder(groups: readonly GraphGroup[], by: Grouping): readonly GraphGroup[] {
  const depth = (group: GraphGroup): number =>
    by === "layer"
      ? (group.column ?? 0)
      : group.shown.reduce((sum, node) => sum + LAYERS.indexOf(node.layer), 0) / group.shown.length;
  return groups.toSorted((a, b) => depth(a) - depth(b) || a.name.localeCompare(b.name));
}

function linesBetween(shown: readonly PipelineNode[], place: ReadonlyMap<string, string>): PreparedGraph["lines"] {
  const lines = new Map<string, { id: string; from: string; to: string }>();
  for (const node of shown) {
    const to = place.get(node.name);
    for (const input of node.inputs) {
      const from = place.get(input);
      if (from === undefined || to === undefined || from === to) continue;
      const id = `${from}>${to}`;
      if (!lines.has(id)) lines.set(id, { id, from, to });
    }
  }
  return [...lines.values()];
}

type Line = PreparedGraph["lines"][number];

/** A raw dataset that feeds a hundred others would hide them behind its lines. */
function bundled(lines: readonly Line[], groups: readonly GraphGroup[]): Line[] {
  const frameOf = new Map(groups.flatMap((group) => group.shown.map((node) => [node.name, group.id] as const)));
  const fan = (line: Line): string => {
    const frame = frameOf.get(line.to);
    return frame === undefined || frame === frameOf.get(line.from) ? line.id : `${line.from}>${frame}`;
  };
  return [...Map.groupBy(lines, fan)].flatMap(([id, some]) => {
    const [first] = some;
    if (first === undefined || some.length <= FEW_LINES) return some;
    return [{ id, from: first.from, to: frameOf.get(first.to) ?? first.to }];
  });
}
