import { PlatformError } from "../kernel/index.ts";

// Imports no schema library: a query's process reads names and is started anew for each query.

export const LAYERS = ["raw", "staged", "curated", "mart", "export"] as const;
export type Layer = (typeof LAYERS)[number];

/** `layer.name`, e.g. `curated.orders`; both parts are lower-case SQL identifiers. */
export type DatasetName = string;

export const DATASET_NAME = /^(raw|staged|curated|mart|export)\.[a-z][a-z0-9_]*$/;

/** Throws `invalid-input` for what is no dataset's name. */
export function splitDatasetName(name: DatasetName): { layer: Layer; table: string } {
  if (!DATASET_NAME.test(name))
    throw new PlatformError("invalid-input", "a dataset's name must be <layer>.<name>, e.g. curated.orders");
  const [layer, table] = name.split(".") as [Layer, string];
  return { layer, table };
}
