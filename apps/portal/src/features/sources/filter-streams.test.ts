import { expect, it } from "vitest";
import type { StreamState } from "@nova/pipeline-core/connectors";
import { filterStreams } from "./filter-streams.ts";

const stream = (name: string, state: StreamState, description = "") => ({ name, state, description });
const streams = [
  stream("public.orders", "streaming", "Orders of the shop"),
  stream("public.order_lines", "snapshotting"),
  stream("hr.employees", "failed"),
];

it.each([
  ["the middle of a name", { stream: "der", state: [] }, ["public.orders", "public.order_lines"]],
  ["all words, also from the description", { stream: "public shop", state: [] }, ["public.orders"]],
  [
    "states",
    { stream: "", state: ["failed", "snapshotting"] as StreamState[] },
    ["public.order_lines", "hr.employees"],
  ],
  ["nothing", { stream: " ", state: [] }, ["public.orders", "public.order_lines", "hr.employees"]],
])("streams are filtered by %s", (_name, filter, expected) => {
  expect(filterStreams(streams, filter).map((one) => one.name)).toEqual(expected);
});
