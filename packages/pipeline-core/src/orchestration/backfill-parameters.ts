import { parametersText, type ParameterValues, setParameters } from "../catalog/index.ts";
import { PlatformError } from "../kernel/index.ts";
import type { BackfillSpec } from "./backfill.ts";
import type { BackfillDataset } from "./backfill-facts.ts";

/** The values that differ from the defaults; undefined when none does. */
export function parametersOf(spec: BackfillSpec, root: BackfillDataset): ParameterValues | undefined {
  const values = setParameters(root.name, root.options?.parameters ?? {}, spec.parameters ?? {});
  if (Object.keys(values).length === 0) return undefined;
  const refused = root.options?.noParameters ?? null;
  if (refused !== null)
    throw new PlatformError(
      "conflict",
      `parameters: ${root.name} is only computed by its defaults: ${refused}. Change the default in its model`,
    );
  return values;
}

/** What people should know of days that are computed with other values. */
export function parameterNotes(name: string, values: ParameterValues): string[] {
  return [
    `${name} is computed with ${parametersText(values)}; its days stand by that until they are computed by the defaults again: by a backfill, or as a whole by the next refresh that concerns them`,
    `what is made from ${name} follows these rows`,
  ];
}
