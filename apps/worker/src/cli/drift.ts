import {
  choiceText,
  DRIFT_CHOICES,
  DRIFT_KINDS,
  DRIFT_STATES,
  type DriftChoice,
  type DriftItem,
  driftText,
  meanwhileText,
  NEW_TABLE_RULES,
  SOURCE_IDS,
} from "@nova/pipeline-core/connectors";
import type { Command } from "commander";
import { z } from "zod";
import type { WorkerClient } from "./worker-client.ts";

interface DriftCommandDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

interface Flags {
  readonly json?: boolean;
  readonly as?: string;
}

const itemSchema: z.ZodType<DriftItem> = z.object({
  id: z.string(),
  source: z.enum(SOURCE_IDS),
  stream: z.string(),
  fromVersion: z.number(),
  toVersion: z.number(),
  change: z.object({
    kind: z.enum(DRIFT_KINDS),
    column: z.string(),
    newName: z.string().nullable(),
    from: z.string().nullable(),
    to: z.string().nullable(),
  }),
  state: z.enum(DRIFT_STATES),
  waits: z.boolean(),
  position: z.string().nullable(),
  seenAt: z.coerce.date(),
  decidedBy: z.string().nullable(),
  decidedAt: z.coerce.date().nullable(),
});
const settledSchema = z.object({ item: itemSchema, asked: z.object({ id: z.string() }).nullable() });

const WHAT: Record<DriftChoice, string> = {
  accept: "take the change over: the new type, the new column, the new key, the new table",
  ignore: "leave the dataset as it is",
  map: "let a column of the stream continue the one that is gone",
};

/** `nova drift [list|accept|ignore|map]` and `nova sources new-tables`; the same as the portal's inbox. */
export function addDriftCommands(
  program: Command,
  sources: Command,
  { worker, print, printJson }: DriftCommandDeps,
): void {
  const as = "in the name and with the rights of this person instead of the operator's";
  const drift = program
    .command("drift")
    .description("how streams changed against what is known, and decisions about it");
  drift
    .command("list", { isDefault: true })
    .description("changes that wait for a decision; --all: settled ones too")
    .argument("[source]", "one source")
    .option("--all", "settled ones too")
    .option("--json", "as JSON")
    .action(async (source: string | undefined, { all, json }: Flags & { all?: boolean }) => {
      const query = { source, all: all === true ? "true" : undefined };
      const items = await (await worker()).get("/drift", query, z.array(itemSchema));
      if (json === true) printJson(items);
      else print(driftListText(items));
    });
  for (const choice of DRIFT_CHOICES) {
    const settling = drift
      .command(choice)
      .description(WHAT[choice])
      .argument("<item>", "the id of the change, from the list")
      .option("--as <email>", as)
      .option("--json", "as JSON");
    if (choice === "map")
      settling.argument("[column]", "the column that continues it; else the one that was suggested");
    settling.action(async (item: string, ...rest: unknown[]) => {
      const target = choice === "map" && typeof rest[0] === "string" ? rest[0] : null;
      const { json, as: email } = settling.opts<Flags>();
      const body = { choice, target, ...(email === undefined ? {} : { email }) };
      const settled = await (await worker()).post(`/drift/${encodeURIComponent(item)}/decision`, body, settledSchema);
      if (json === true) printJson(settled);
      else print(`${settled.item.state}: ${choiceText(settled.item, choice, target)}`);
    });
  }
  sources
    .command("new-tables")
    .description("what happens to tables made in a source from now on")
    .argument("<source>", "the source")
    .argument("<rule>", NEW_TABLE_RULES.join(", "))
    .option("--as <email>", as)
    .action(async (source: string, rule: string, { as: email }: Flags) => {
      const body = { rule, ...(email === undefined ? {} : { email }) };
      const set = z.object({ source: z.string(), rule: z.string() });
      const answer = await (await worker()).post(`/sources/${encodeURIComponent(source)}/new-tables`, body, set);
      print(`new tables of ${answer.source}: ${answer.rule}`);
    });
}

/** Each change with what happens meanwhile; those that hold up a dataset are marked. */
export function driftListText(items: readonly DriftItem[]): string {
  if (items.length === 0) return "nothing waits for a decision";
  return items
    .flatMap((item) => [
      `${item.id}  ${item.source}/${item.stream}  ${item.waits && item.state === "open" ? "LOADING WAITS" : item.state}`,
      `  ${driftText(item.change)}`,
      `  ${item.decidedBy === null ? meanwhileText(item) : `by ${item.decidedBy}`}`,
    ])
    .join("\n");
}
