import { type DatasetColumn, type DatasetName, type Layer, type PiiTag, splitDatasetName } from "../catalog/index.ts";
import { PlatformError } from "../kernel/index.ts";
import type { Role } from "./matrix.ts";

/** A time-boxed permission to read personal columns of a dataset in the clear; `*` stands for every dataset. */
export interface Grant {
  readonly dataset: DatasetName | "*";
  /** Column names; null means every column. */
  readonly columns: readonly string[] | null;
  readonly validUntil: Date | null;
}

export interface Principal {
  readonly userId: string;
  readonly role: Role;
  readonly grants: readonly Grant[];
}

/** Layers a role may query at all; raw payloads hold personal data in free form, so they are for engineers and privacy. */
export const READABLE_LAYERS: Record<Role, readonly Layer[]> = {
  analyst: ["staged", "curated", "mart", "export"],
  "data-engineer": ["raw", "staged", "curated", "mart", "export"],
  "privacy-officer": ["raw", "staged", "curated", "mart", "export"],
  "data-owner": ["staged", "curated", "mart", "export"],
  "platform-engineer": ["raw", "staged", "curated", "mart", "export"],
};

export function mayReadUnmasked(principal: Principal, dataset: DatasetName, column: string, now: Date): boolean {
  return principal.grants.some(
    (grant) =>
      (grant.dataset === "*" || grant.dataset === dataset) &&
      (grant.columns === null || grant.columns.includes(column)) &&
      (grant.validUntil === null || grant.validUntil > now),
  );
}

/** How each column of a dataset is masked for a person: as it is tagged, `none` where a grant opens it. */
export function tagsFor(
  principal: Principal,
  dataset: DatasetName,
  columns: readonly Pick<DatasetColumn, "name" | "pii">[],
  now: Date,
): Record<string, PiiTag> {
  return Object.fromEntries(
    columns.map(({ name, pii }) => [name, mayReadUnmasked(principal, dataset, name, now) ? "none" : pii]),
  );
}

/** Throws `forbidden` when the role does not read the dataset's layer at all. */
export function refuseUnreadableLayer({ role }: Principal, dataset: DatasetName): void {
  const { layer } = splitDatasetName(dataset);
  if (!READABLE_LAYERS[role].includes(layer))
    throw new PlatformError("forbidden", `${dataset}: your role does not read the ${layer} layer`);
}
