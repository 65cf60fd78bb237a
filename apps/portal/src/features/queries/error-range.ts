/** From an engine's line and column (from 1) to the stretch of text to mark: the word there, else one character. */
export function errorRange(
  sql: string,
  at: { readonly line: number; readonly column: number },
): { from: number; to: number } {
  const lines = sql.split("\n");
  const line = Math.min(Math.max(1, at.line), lines.length);
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const text = lines[line - 1] ?? "";
  const column = Math.min(Math.max(0, at.column - 1), text.length);
  const word = /^[\w$.]+/.exec(text.slice(column))?.[0] ?? "";
  const from = start + column;
  if (word !== "") return { from, to: from + word.length };
  // At the very end there is nothing behind the place: mark what stands before it.
  return from >= sql.length ? { from: Math.max(0, sql.length - 1), to: sql.length } : { from, to: from + 1 };
}
