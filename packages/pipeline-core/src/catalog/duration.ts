import { z } from "zod";

/** A length of time in a model's header, as `30s`, `2m` or `4h`; in seconds. */
export const durationSchema = z
  .string()
  .regex(/^\d+\s*(s|m|h)$/, "must be a whole number with s, m or h, e.g. 30s or 2m")
  .transform((text) => Number.parseInt(text, 10) * { s: 1, m: 60, h: 3600 }[text.at(-1) as "s" | "m" | "h"]);
