"use client";

import { X } from "lucide-react";
import { Button } from "@/ui/button.tsx";
import { FACETS, type Facet, type FacetChoice } from "../catalog-search.ts";
import { FACET_LABEL } from "../dataset-words.ts";
import { facetValueLabel } from "../facet-words.ts";

interface FilterSummaryProps {
  readonly choice: FacetChoice;
  readonly onChoose: (facet: Facet, values: string[]) => void;
  readonly onClear: () => void;
}

/** What narrows the list right now, one chip per value; nothing is filtered out silently. */
export function FilterSummary({ choice, onChoose, onClear }: FilterSummaryProps) {
  const chips = FACETS.flatMap((facet) => choice[facet].map((value) => ({ facet, value })));
  if (chips.length === 0) return null;
  return (
    <div role="group" aria-label="Active filters" className="flex flex-wrap items-center gap-1.5">
      {chips.map(({ facet, value }) => (
        <button
          key={`${facet}:${value}`}
          type="button"
          onClick={() =>
            onChoose(
              facet,
              choice[facet].filter((one) => one !== value),
            )
          }
          className="inline-flex h-6 items-center gap-1 rounded-full bg-accent-soft pr-1.5 pl-2.5 text-xs font-medium text-accent-text hover:opacity-80"
        >
          <span className="sr-only">Remove filter</span>
          <span className="font-normal">{FACET_LABEL[facet]}</span> {facetValueLabel(facet, value)}
          <X aria-hidden className="size-3" />
        </button>
      ))}
      <Button size="sm" kind="ghost" onClick={onClear}>
        Clear all
      </Button>
    </div>
  );
}

/** The active filters as a phrase: "“refund”, layer Mart, health Late or Failing". */
export function describeFilters(text: string, choice: FacetChoice): string {
  const parts = FACETS.filter((facet) => choice[facet].length > 0).map(
    (facet) =>
      `${FACET_LABEL[facet].toLowerCase()} ${choice[facet].map((value) => facetValueLabel(facet, value)).join(" or ")}`,
  );
  return [...(text === "" ? [] : [`“${text}”`]), ...parts].join(", ");
}
