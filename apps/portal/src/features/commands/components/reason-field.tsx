import { useId } from "react";
import { Input } from "@/ui/input.tsx";

interface ReasonFieldProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** Where it will be read: "It stands in the audit and beside the pool." */
  readonly hint: string;
}

/** Why somebody asks for it. */
export function ReasonField({ value, onChange, hint }: ReasonFieldProps) {
  const field = useId();
  return (
    <div className="flex flex-col gap-1 text-xs text-fg-muted">
      <label htmlFor={field}>Reason</label>
      <Input
        id={field}
        required
        maxLength={300}
        aria-describedby={`${field}-hint`}
        value={value}
        onChange={({ target }) => onChange(target.value)}
      />
      <p id={`${field}-hint`}>{hint}</p>
    </div>
  );
}
