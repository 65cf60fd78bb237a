// JSON.rawJSON writes 64-bit integers without loss (Node ≥ 22); TypeScript's library does not declare it yet.
const { rawJSON: rawJson } = JSON as unknown as { rawJSON: (text: string) => unknown };
const withLongs = (_key: string, value: unknown): unknown =>
  typeof value === "bigint" ? rawJson(String(value)) : value;

/** JSON text in which bigints are numbers of all their digits. */
export function stringifyWithLongs(value: unknown): string {
  return JSON.stringify(value, withLongs);
}

/** 64-bit ids do not survive JSON.parse; the keys that hold them cannot occur unescaped inside a JSON string. */
const LONG_IDS = /("(?:snapshot-id|parent-snapshot-id|current-snapshot-id)"\s*:\s*)(-?\d{10,})/g;
const LONG_LISTS = /("snapshot-ids"\s*:\s*\[)([-\d\s,]*)(\])/g;

/** Reads JSON whose snapshot ids are 64-bit numbers; long ones come out as text. */
export function parseWithLongs(text: string): unknown {
  return JSON.parse(
    text
      .replace(LONG_IDS, '$1"$2"')
      .replace(LONG_LISTS, (_all, open: string, ids: string, close: string) =>
        open.concat(ids.replace(/-?\d+/g, '"$&"'), close),
      ),
  );
}
