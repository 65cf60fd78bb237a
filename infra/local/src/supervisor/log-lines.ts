const RESET = "\u001b[0m";
const COLOURS = [
  "\u001b[36m",
  "\u001b[33m",
  "\u001b[35m",
  "\u001b[32m",
  "\u001b[34m",
  "\u001b[96m",
  "\u001b[95m",
  "\u001b[93m",
];
const NAME_WIDTH = 11;
/** Fields that every structured line carries and no reader of a terminal needs. */
const HIDDEN_FIELDS = new Set(["level", "time", "msg", "pid", "hostname", "name", "v"]);
const LEVEL_NAMES: Readonly<Record<number, string>> = {
  "10": "trace",
  "20": "debug",
  "30": "info",
  "40": "warn",
  "50": "error",
  "60": "fatal",
};

/** The line as the terminal shows it: the part's name, its colour, and a structured line made readable. */
export function renderLine(part: string, line: string, colourAt: number | undefined): string {
  const label = part.padEnd(NAME_WIDTH);
  const text = readable(line);
  if (colourAt === undefined) return `${label} | ${text}`;
  return `${COLOURS[colourAt % COLOURS.length]}${label} |${RESET} ${text}`;
}

function readable(line: string): string {
  if (!line.startsWith("{")) return line;
  const record = tryParse(line);
  if (record === undefined || typeof record["msg"] !== "string") return line;
  const level = levelOf(record["level"]);
  const shown = level === "info" || level === "" ? "" : `${level.toUpperCase()} `;
  const fields = Object.entries(record)
    .filter(([name]) => !HIDDEN_FIELDS.has(name))
    .map(([name, value]) => ` ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return `${shown}${record["msg"]}${fields.join("")}`;
}

function levelOf(level: unknown): string {
  if (typeof level === "number") return LEVEL_NAMES[level] ?? "";
  return typeof level === "string" ? level : "";
}

// A line that merely looks like JSON is shown as it is.
function tryParse(line: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Cuts a byte stream into lines; `end` gives what is left. Lines are bounded, so that a part cannot fill our memory. */
export function lineSplitter(
  onLine: (line: string) => void,
  longest = 64 * 1024,
): { push(chunk: string): void; end(): void } {
  let rest = "";
  return {
    push(chunk) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) onLine(line.trimEnd());
      if (rest.length > longest) {
        onLine(rest);
        rest = "";
      }
    },
    end() {
      if (rest !== "") onLine(rest);
      rest = "";
    },
  };
}
