"use client";

import { useState } from "react";
import { Button } from "@/ui/button.tsx";
import { cx } from "@/ui/class-names.ts";
import { FACETS, type Facet, type FacetChoice } from "../catalog-search.ts";
import { FACET_LABEL } from "../dataset-words.ts";
import { facetValueLabel } from "../facet-words.ts";
import { countFacet, type JudgedRow } from "../narrow-catalog.ts";

/** Values shown before "Show all". */
const SHORT = 6;

interface FacetPanelProps {
  readonly rows: readonly JudgedRow[];
  readonly choice: FacetChoice;
  readonly onChoose: (facet: Facet, values: string[]) => void;
}

/** The facets beside the list; every count says how many datasets a click would leave. */
export function FacetPanel({ rows, choice, onChoose }: FacetPanelProps) {
  return (
    <div className="flex flex-col gap-4">
      {FACETS.map((facet) => (
        <FacetGroup
          key={facet}
          facet={facet}
          values={countFacet(rows, facet, choice)}
          chosen={choice[facet]}
          onChoose={(values) => onChoose(facet, values)}
        />
      ))}
    </div>
  );
}

interface FacetGroupProps {
  readonly facet: Facet;
  readonly values: readonly { readonly value: string; readonly count: number }[];
  readonly chosen: readonly string[];
  readonly onChoose: (values: string[]) => void;
}

function FacetGroup({ facet, values, chosen, onChoose }: FacetGroupProps) {
  const [all, setAll] = useState(false);
  const shown = all ? values : values.filter((one, index) => index < SHORT || chosen.includes(one.value));
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1 text-xs font-medium text-fg-muted">{FACET_LABEL[facet]}</legend>
      {shown.map(({ value, count }) => {
        const on = chosen.includes(value);
        return (
          <label
            key={value}
            className={cx(
              "-mx-1.5 flex min-h-7 cursor-pointer items-center gap-2 rounded-md px-1.5 text-sm hover:bg-hover",
              count === 0 && !on && "text-fg-subtle",
            )}
          >
            <input
              type="checkbox"
              checked={on}
              onChange={() => onChoose(on ? chosen.filter((one) => one !== value) : [...chosen, value])}
              className="size-3.5 accent-accent"
            />
            <span className="min-w-0 flex-1 truncate" title={facetValueLabel(facet, value)}>
              {facetValueLabel(facet, value)}
            </span>
            <span className="num text-xs text-fg-subtle">{count}</span>
          </label>
        );
      })}
      {values.length > SHORT ? (
        <Button size="sm" kind="ghost" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? "Show fewer" : `Show all ${values.length}`}
        </Button>
      ) : null}
    </fieldset>
  );
}
