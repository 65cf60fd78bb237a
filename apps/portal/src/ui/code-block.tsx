import { CopyButton } from "./copy-button.tsx";

/** Text as it is: SQL, JSON, a message. Scrolls inside itself and can be copied. */
export function CodeBlock({
  text,
  what,
  label,
}: {
  readonly text: string;
  readonly what: string;
  readonly label: string;
}) {
  return (
    <div className="flex min-w-0 items-start rounded-md border border-line bg-sunken">
      <pre
        tabIndex={0}
        aria-label={label}
        className="max-h-96 min-w-0 flex-1 overflow-auto p-3 font-mono text-xs leading-5"
      >
        <code>{text}</code>
      </pre>
      <div className="shrink-0 p-1.5">
        <CopyButton text={text} what={what} />
      </div>
    </div>
  );
}
