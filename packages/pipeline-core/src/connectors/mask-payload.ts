/** Longest sample shown; enough to see the shape. */
const SHOWN_CHARACTERS = 1_200;

/**
 * A quarantined payload with its shape but none of its values: JSON keeps keys, nesting and lengths, other text keeps its
 * punctuation. Quarantined bytes may hold personal data anywhere, so nothing of a value is let through.
 */
export function maskPayload(payload: string): string {
  const parsed = parseJson(payload);
  const masked = parsed === undefined ? maskText(payload) : JSON.stringify(maskValue(parsed), null, 2);
  return masked.length <= SHOWN_CHARACTERS ? masked : `${masked.slice(0, SHOWN_CHARACTERS)}\n…`;
}

function maskValue(value: unknown): unknown {
  if (typeof value === "string") return maskText(value.slice(0, 60));
  if (typeof value === "number") return 0;
  if (Array.isArray(value)) return value.slice(0, 3).map(maskValue);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [isName(key) ? key : maskText(key), maskValue(inner)]),
    );
  }
  return value;
}

/** Keys that look like names stay; a key that is itself data (an e-mail, an id) is masked too. */
function isName(key: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/.test(key) && !/\d{4,}/.test(key);
}

function maskText(text: string): string {
  return text.replaceAll(/\p{L}|\p{M}/gu, "x").replaceAll(/\p{N}/gu, "0");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
