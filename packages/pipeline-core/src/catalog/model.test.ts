import { describe, expect, it } from "vitest";
import { splitDatasetName } from "./dataset-name.ts";
import { datasetNameSchema } from "./model.ts";

describe("dataset names", () => {
  it("split into layer and table", () => {
    expect(splitDatasetName("curated.orders")).toEqual({ layer: "curated", table: "orders" });
  });

  it.each(["orders", "Curated.orders", "curated.Orders", "gold.orders", "curated.orders; drop", "curated.1st"])(
    "refuse %s",
    (name) => {
      expect(datasetNameSchema.safeParse(name).success).toBe(false);
      expect(() => splitDatasetName(name)).toThrow("must be <layer>.<name>");
    },
  );
});
