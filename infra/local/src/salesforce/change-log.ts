import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { OBJECT_NAMES } from "./objects.ts";

const FieldValueSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const ChangeSchema = z.object({
  object: z.enum(OBJECT_NAMES),
  id: z.string(),
  /** When, as a Salesforce datetime. */
  at: z.string(),
  /** What the record's fields became; an id not seen before is a new record. Absent for a purge. */
  fields: z.record(z.string(), FieldValueSchema).optional(),
  /** The record left the recycle bin: it is gone for every query. */
  purged: z.literal(true).optional(),
  /** When a purged record was deleted, for `getDeleted`. */
  deletedAt: z.string().optional(),
});
export type Change = z.infer<typeof ChangeSchema>;

const HeaderSchema = z.object({ seededAt: z.number().int() });

export interface ChangeLog {
  /** When the org was first set up (ms): the seed's dates count back from it. */
  readonly seededAt: number;
  /** What happened since, oldest first. */
  readonly past: readonly Change[];
  /** Writes before it returns, so that a change a reader saw survives a kill. */
  append(changes: readonly Change[]): void;
}

/** A log that forgets: for tests and for a stand-in without a state folder. */
export function memoryChangeLog(seededAt: number): ChangeLog {
  return { seededAt, past: [], append: () => undefined };
}

/** Above this the log is folded to one line per record at the next start. */
const FOLD_ABOVE = 20_000;

/** One change per record with the same outcome, in the order in which records were first touched. */
export function foldChanges(changes: readonly Change[]): Change[] {
  const byId = new Map<string, Change>();
  for (const change of changes) {
    const known = byId.get(change.id);
    byId.set(
      change.id,
      known === undefined || change.purged === true
        ? change
        : { ...change, fields: { ...known.fields, ...change.fields } },
    );
  }
  return [...byId.values()];
}

/**
 * Opens `changes.jsonl` in a folder: a header line, then one change a line. A line that a kill cut short at the end
 * was never answered to anyone and is dropped; a broken line anywhere else is an error that names it.
 */
export function openChangeLog(folder: string, now: number): ChangeLog {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "changes.jsonl");
  if (!existsSync(path)) writeFileSync(path, `${JSON.stringify({ seededAt: now })}\n`);
  const text = readFileSync(path, "utf8");
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const [header, ...lines] = whole.split("\n").slice(0, -1);
  if (header === undefined) throw new Error(`${path} has no header line; delete the file to start the org anew`);
  const { seededAt } = HeaderSchema.parse(JSON.parse(header));
  let past = lines.map((line, index) => {
    const parsed = ChangeSchema.safeParse(JSON.parse(line));
    if (!parsed.success)
      throw new Error(
        `${path} line ${index + 2}: ${z.prettifyError(parsed.error)}; delete the file to start the org anew`,
      );
    return parsed.data;
  });
  if (past.length > FOLD_ABOVE) past = foldChanges(past);
  if (past.length !== lines.length || whole.length !== text.length) {
    const rewritten = `${path}.new`;
    writeFileSync(
      rewritten,
      [header, ...past.map((change) => JSON.stringify(change))].map((line) => `${line}\n`).join(""),
    );
    renameSync(rewritten, path);
  }
  return {
    seededAt,
    past,
    append: (changes) => appendFileSync(path, changes.map((change) => `${JSON.stringify(change)}\n`).join("")),
  };
}
