import { PlatformError } from "@nova/pipeline-core/kernel";

/** Lines of CSV (RFC 4180) with as many fields each as the first one, the header, which comes first. */
export function* readCsv(text: string): Generator<readonly string[]> {
  let width = 0;
  let at = 0;
  while (at < text.length) {
    const fields: string[] = [];
    at = readLine(text, at, fields);
    if (width === 0) width = fields.length;
    else if (fields.length !== width)
      throw new PlatformError(
        "payload-rejected",
        `a CSV line has ${fields.length} fields where the header has ${width}`,
      );
    yield fields;
  }
}

/** Appends the fields of the line at `start`; returns where the next line begins. */
function readLine(text: string, start: number, fields: string[]): number {
  let at = start;
  for (;;) {
    if (text[at] === '"') at = readQuoted(text, at + 1, fields);
    else {
      const from = at;
      while (at < text.length && text[at] !== "," && text[at] !== "\n" && text[at] !== "\r") at += 1;
      fields.push(text.slice(from, at));
    }
    if (text[at] === ",") {
      at += 1;
      continue;
    }
    if (text[at] === "\r") at += 1;
    return at + 1;
  }
}

function readQuoted(text: string, start: number, fields: string[]): number {
  let value = "";
  let from = start;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) throw new PlatformError("payload-rejected", "a quoted CSV field has no end");
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') {
      fields.push(value);
      return quote + 1;
    }
    value += '"';
    from = quote + 2;
  }
}
