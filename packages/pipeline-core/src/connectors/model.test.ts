import { describe, expect, it } from "vitest";
import { stagedDatasetName } from "./model.ts";

describe("the staged dataset of a stream", () => {
  it.each([
    ["public.orders", "staged.orders_db__orders"],
    ["hr.employees", "staged.orders_db__hr__employees"],
    ["public.StoreKPI", "staged.orders_db__storekpi"],
    ["public.weird name-1", "staged.orders_db__weird_name_1"],
    ["public", "staged.orders_db__public"],
  ])("of %s is %s", (stream, dataset) => {
    expect(stagedDatasetName("orders_db", stream)).toBe(dataset);
  });
});
