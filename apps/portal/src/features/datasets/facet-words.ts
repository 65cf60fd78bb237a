import type { FreshnessState, Layer, PiiTag } from "@nova/pipeline-core/catalog";
import type { SourceId } from "@nova/pipeline-core/connectors";
import { FRESHNESS_WORDS, type Verdict, VERDICT_WORDS } from "@/features/health/index.ts";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import type { Facet } from "./catalog-search.ts";
import { LAYER_LABEL, PII_LABEL } from "./dataset-words.ts";

/** The word for a value of a facet. Values come from the facet itself, so the maps are total for them. */
export function facetValueLabel(facet: Facet, value: string): string {
  switch (facet) {
    case "layer":
      return LAYER_LABEL[value as Layer];
    case "health":
      return VERDICT_WORDS[value as Verdict].label;
    case "freshness":
      return FRESHNESS_WORDS[value as FreshnessState].label;
    case "source":
      return SOURCE_LABEL[value as SourceId];
    case "pii":
      return PII_LABEL[value as PiiTag];
    case "pipeline":
    case "owner":
      return value;
  }
}
