"use client";

import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { toast } from "sonner";
import { IconButton } from "./button.tsx";

/** Copies a text and says so. `what` names it: "name", "SQL". */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), 1_500);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <IconButton
      size="sm"
      label={done ? "Copied" : `Copy ${what}`}
      icon={done ? <Check aria-hidden /> : <Copy aria-hidden />}
      onClick={() => {
        navigator.clipboard.writeText(text).then(
          () => setDone(true),
          () =>
            toast.error(`Could not copy the ${what}`, {
              description: "The browser did not allow it; select the text instead.",
            }),
        );
      }}
    />
  );
}
