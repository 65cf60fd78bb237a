"use client";

import { acceptCompletion, autocompletion } from "@codemirror/autocomplete";
import { sql as sqlLanguage } from "@codemirror/lang-sql";
import { type Diagnostic, linter, setDiagnostics } from "@codemirror/lint";
import { Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import type { QueryError } from "@nova/pipeline-core/access";
import type { QueryableDataset } from "@nova/db/read-models";
import CodeMirror from "@uiw/react-codemirror";
import { type KeyboardEvent, type RefObject, useEffect, useMemo, useRef } from "react";
import { catalogSource, completionSchema, DIALECT } from "../complete-catalog.ts";
import { errorRange } from "../error-range.ts";
import { editorTheme } from "./editor-theme.ts";

/** What the page may do to the text besides setting it. */
export interface EditorHandle {
  /** Puts text where the cursor is and moves the focus there. */
  insert(text: string): void;
}

interface SqlEditorProps {
  readonly value: string;
  readonly onChange: (sql: string) => void;
  readonly onRun: () => void;
  readonly onFormat: () => void;
  readonly datasets: readonly QueryableDataset[];
  /** Marked where it says; null = nothing is marked. */
  readonly error: QueryError | null;
  readonly handleRef: RefObject<EditorHandle | null>;
}

const SETUP = {
  lineNumbers: true,
  foldGutter: false,
  highlightActiveLine: true,
  autocompletion: false,
  syntaxHighlighting: false,
  searchKeymap: false,
} as const;

/** Tab moves on, as everywhere on the page, except to accept a completion. */
export function SqlEditor({ value, onChange, onRun, onFormat, datasets, error, handleRef }: SqlEditorProps) {
  const view = useRef<EditorView | null>(null);
  const extensions = useMemo(
    () => [
      Prec.highest(keymap.of([{ key: "Tab", run: acceptCompletion }])),
      sqlLanguage({ dialect: DIALECT, schema: completionSchema(datasets), upperCaseKeywords: true }),
      DIALECT.language.data.of({ autocomplete: catalogSource(datasets) }),
      autocompletion({ icons: false }),
      // No source of its own: it shows what the engine said about the last run.
      linter(null),
      EditorView.lineWrapping,
      EditorView.contentAttributes.of({ "aria-label": "SQL", "aria-multiline": "true" }),
      editorTheme,
    ],
    [datasets],
  );

  useEffect(() => {
    handleRef.current = {
      insert(text) {
        const editor = view.current;
        if (editor === null) return;
        editor.dispatch(editor.state.replaceSelection(text), { scrollIntoView: true });
        editor.focus();
      },
    };
    return () => {
      handleRef.current = null;
    };
  }, [handleRef]);

  useEffect(() => {
    if (view.current !== null) mark(view.current, error);
  }, [error]);

  function onKey(event: KeyboardEvent): void {
    const run = event.key === "Enter" && (event.metaKey || event.ctrlKey);
    const format = event.code === "KeyF" && event.altKey && event.shiftKey;
    if (!run && !format) return;
    event.preventDefault();
    event.stopPropagation();
    if (run) onRun();
    else onFormat();
  }

  return (
    <div role="presentation" className="h-full" onKeyDownCapture={onKey}>
      <CodeMirror
        value={value}
        onChange={onChange}
        extensions={extensions}
        theme="none"
        height="100%"
        className="h-full"
        indentWithTab={false}
        basicSetup={SETUP}
        placeholder="SELECT … FROM curated.orders"
        onCreateEditor={(created) => {
          view.current = created;
          mark(created, error);
        }}
      />
    </div>
  );
}

function mark(view: EditorView, error: QueryError | null): void {
  const diagnostics: Diagnostic[] = [];
  if (error !== null && error.at !== null && view.state.doc.length > 0) {
    const { from, to } = errorRange(view.state.doc.toString(), error.at);
    diagnostics.push({ from, to, severity: "error", message: error.message });
  }
  view.dispatch(setDiagnostics(view.state, diagnostics));
}
