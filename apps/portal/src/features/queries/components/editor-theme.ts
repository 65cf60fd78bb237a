import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** The editor in the portal's tokens, so that it follows light and dark by itself. */
export const editorTheme = [
  EditorView.theme({
    "&": { height: "100%", fontSize: "13px", backgroundColor: "var(--surface)", color: "var(--fg)" },
    "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
    ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "20px" },
    ".cm-content": { caretColor: "var(--fg)", padding: "8px 0" },
    ".cm-cursor": { borderLeftColor: "var(--fg)" },
    ".cm-gutters": {
      backgroundColor: "var(--surface)",
      color: "var(--fg-subtle)",
      borderRight: "1px solid var(--line)",
    },
    ".cm-activeLineGutter, .cm-activeLine": { backgroundColor: "var(--sunken)" },
    "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
      backgroundColor: "var(--accent-soft)",
    },
    ".cm-activeLine .cm-selectionMatch, .cm-selectionMatch": { backgroundColor: "var(--idle-soft)" },
    ".cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--accent)" },
    ".cm-tooltip": {
      backgroundColor: "var(--raised)",
      border: "1px solid var(--line)",
      borderRadius: "6px",
      boxShadow: "var(--shadow)",
      overflow: "hidden",
    },
    ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--font-mono)", fontSize: "12px", maxHeight: "260px" },
    ".cm-tooltip-autocomplete > ul > li": { padding: "4px 8px", lineHeight: "18px", color: "var(--fg)" },
    ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
      backgroundColor: "var(--accent-soft)",
      color: "var(--accent-text)",
    },
    ".cm-completionDetail": { color: "var(--fg-subtle)", fontStyle: "normal", marginLeft: "10px" },
    ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "600" },
    ".cm-diagnostic": {
      padding: "6px 10px",
      borderLeft: "3px solid var(--bad-dot)",
      fontFamily: "var(--font-sans)",
      fontSize: "12px",
    },
    ".cm-lintRange-error": {
      backgroundImage: "none",
      textDecoration: "underline wavy var(--bad-dot)",
      textUnderlineOffset: "3px",
      backgroundColor: "var(--bad-soft)",
    },
    ".cm-placeholder": { color: "var(--fg-subtle)" },
  }),
  syntaxHighlighting(
    HighlightStyle.define([
      { tag: tags.keyword, color: "var(--chart-1)", fontWeight: "500" },
      { tag: [tags.string, tags.special(tags.string)], color: "var(--ok)" },
      { tag: [tags.number, tags.bool, tags.null], color: "var(--warn)" },
      { tag: tags.typeName, color: "var(--chart-4)" },
      { tag: [tags.comment, tags.lineComment, tags.blockComment], color: "var(--fg-subtle)", fontStyle: "italic" },
      { tag: [tags.operator, tags.punctuation], color: "var(--fg-muted)" },
    ]),
  ),
];
