"use client";

import { type BackfillOptions, checkParameter, type ParameterDefinition } from "@nova/pipeline-core/catalog";
import { useId } from "react";
import { Input } from "@/ui/input.tsx";
import { Select } from "@/ui/select.tsx";

interface ParameterFieldsProps {
  readonly options: BackfillOptions;
  /** What is in the fields, by name; left out: the default. */
  readonly given: Readonly<Record<string, string>>;
  readonly change: (name: string, value: string) => void;
}

/** One form for all days: a field for each parameter of the model, with its default. */
export function ParameterFields({ options, given, change }: ParameterFieldsProps) {
  const parameters = Object.entries(options.parameters);
  if (parameters.length === 0) return null;
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-1 font-medium">Parameters, for all of these days</legend>
      {options.noParameters === null ? (
        parameters.map(([name, definition]) => (
          <ParameterField
            key={name}
            name={name}
            definition={definition}
            value={given[name] ?? definition.default}
            onChange={(value) => change(name, value)}
          />
        ))
      ) : (
        <p className="text-xs text-fg-muted">
          {parameters.map(([name]) => name).join(", ")}: only the defaults, for {options.noParameters}.
        </p>
      )}
    </fieldset>
  );
}

interface ParameterFieldProps {
  readonly name: string;
  readonly definition: ParameterDefinition;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function ParameterField({ name, definition, value, onChange }: ParameterFieldProps) {
  const id = useId();
  const checked = checkParameter(definition, value);
  const choices = choicesOf(definition);
  return (
    <div className="flex flex-col gap-1 text-xs">
      <label htmlFor={choices === null ? id : undefined} className="flex flex-wrap gap-x-2">
        <span className="font-mono font-medium">{name}</span>
        <span className="text-fg-muted">{definition.description}</span>
      </label>
      <div className="w-48">
        {choices === null ? (
          <Input
            id={id}
            type={definition.type === "date" ? "date" : "text"}
            inputMode={definition.type === "string" ? "text" : "decimal"}
            aria-invalid={"problem" in checked}
            aria-describedby={`${id}-hint`}
            value={value}
            onChange={({ target }) => onChange(target.value)}
          />
        ) : (
          <Select
            label={name}
            value={value}
            choices={choices.map((choice) => ({ value: choice, label: choice }))}
            onChange={onChange}
          />
        )}
      </div>
      <p id={`${id}-hint`} className={"problem" in checked ? "text-bad" : "text-fg-muted"}>
        {"problem" in checked ? `${name} ${checked.problem}` : boundsText(definition)}
      </p>
    </div>
  );
}

function choicesOf({ type, values }: ParameterDefinition): readonly string[] | null {
  return type === "boolean" ? ["true", "false"] : (values ?? null);
}

function boundsText({ type, default: standard, min, max }: ParameterDefinition): string {
  const bounds = [
    `default ${standard === "" ? "empty" : standard}`,
    ...(min === undefined ? [] : [`at least ${min}`]),
    ...(max === undefined ? [] : [`at most ${max}`]),
  ];
  return `${type}, ${bounds.join(", ")}`;
}
