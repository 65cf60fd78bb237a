import { modelCompiler } from "@nova/engines/sql";
import { describe, expect, it } from "vitest";
import { loadDefinitions } from "./definitions.ts";
import { laneOf, lanesOf } from "./lanes.ts";

const definitions = loadDefinitions(modelCompiler);
const source = (id: string) => {
  const found = definitions.sources.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no source ${id}`);
  return found;
};

describe("the lanes of a source", () => {
  it("are the strictest target lags of the models that read it, and the rest", () => {
    expect(lanesOf({ definitions }, source("orders_db"))).toEqual([60, 120, "cold"]);
    expect(laneOf({ definitions }, source("orders_db"), "staged.orders_db__orders")).toBe(60);
    expect(laneOf({ definitions }, source("orders_db"), "staged.orders_db__customers")).toBe(120);
    expect(laneOf({ definitions }, source("orders_db"), "staged.orders_db__hr__absences")).toBe("cold");
  });

  it("are one for logs, whoever reads them", () => {
    const logs = source("app_logs");
    expect(lanesOf({ definitions }, logs)).toEqual([logs.stagedTargetLag]);
    expect(laneOf({ definitions }, logs, "staged.app_logs__events")).toBe(logs.stagedTargetLag);
  });
});
