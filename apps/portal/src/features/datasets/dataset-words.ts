import type { DatasetKind, Layer, PiiTag } from "@nova/pipeline-core/catalog";
import type { Tone } from "@/ui/tone.ts";
import type { Facet, Order } from "./catalog-search.ts";

export const LAYER_LABEL: Record<Layer, string> = {
  raw: "Raw",
  staged: "Staged",
  curated: "Curated",
  mart: "Mart",
  export: "Export",
};

export const LAYER_TONE: Record<Layer, Tone> = {
  raw: "idle",
  staged: "idle",
  curated: "info",
  mart: "info",
  export: "idle",
};

export const PII_LABEL: Record<PiiTag, string> = { none: "No PII", indirect: "Indirect PII", direct: "Direct PII" };

/** What a tag means, for tooltips. */
export const PII_MEANING: Record<Exclude<PiiTag, "none">, string> = {
  direct: "Identifies a person alone. Masked unless you hold a grant.",
  indirect: "Identifies a person together with other columns. Masked unless you hold a grant.",
};

/** How a dataset is kept up to date, in a few words. */
export const KIND_WORDS: Record<DatasetKind, string> = {
  append: "appended to",
  merge: "merged by key",
  partitioned: "recomputed by partition",
  full: "recomputed as a whole",
  view: "a view",
};

export const FACET_LABEL: Record<Facet, string> = {
  layer: "Layer",
  health: "Health",
  freshness: "Freshness",
  source: "Source",
  pipeline: "Pipeline",
  owner: "Owner",
  pii: "Personal data",
};

export const ORDER_LABEL: Record<Order, string> = {
  relevance: "Relevance",
  usage: "Most queried",
  freshness: "Most behind",
  name: "Name",
  rows: "Rows",
};
