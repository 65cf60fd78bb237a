import { setTimeout as wait } from "node:timers/promises";
import {
  type BackfillSpec,
  backfillSpecSchema,
  BACKFILL_SCOPES,
  type Day,
  PER_RANGE,
} from "@nova/pipeline-core/orchestration";
import type { Command } from "commander";
import { z } from "zod";
import { askCommand, askedText, type AskOptions, parseRequest } from "./ask-command.ts";
import { CommandFailure } from "./command-failure.ts";
import { backfillsText, backfillText, fetchBackfill, fetchBackfills, planText } from "./show-backfill.ts";
import type { WorkerClient } from "./worker-client.ts";

interface BackfillDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

type Common = AskOptions & { readonly json?: boolean };
export interface SpecFlags {
  readonly from?: Day;
  readonly to?: Day;
  readonly day?: readonly Day[];
  readonly scope?: string;
  readonly downstream?: boolean;
  readonly perRun?: string;
  readonly set?: readonly string[];
  readonly parallelism?: string;
  readonly reread?: boolean;
}

const LOOK_MILLIS = 500;
const plannedSchema = z.object({ id: z.string() });

/** Planning, submitting and steering backfills; the same as the buttons of the portal. */
export function addBackfills(program: Command, { worker, print, printJson }: BackfillDeps): void {
  const person = (command: Command): Command =>
    command
      .option("--as <email>", "in the name and with the rights of this person instead of the operator's")
      .option("--json", "as JSON");
  const spec = (command: Command): Command =>
    person(command)
      .option("--from <day>", "first day, YYYY-MM-DD (UTC); with --to")
      .option("--to <day>", "last day")
      .option("--day <day...>", "single days")
      .option("--scope <scope>", `which of them: ${BACKFILL_SCOPES.join(", ")}`)
      .option("--downstream", "also everything made from it")
      .option(
        "--per-run <days>",
        "days that one run takes together, or range for one run a range; else as the model says",
      )
      .option("--set <name=value...>", "parameters of the model for these days, in place of its defaults")
      .option("--parallelism <runs>", "runs at once")
      .option("--reread", "read the table again from its source (staged datasets)");
  const freeze = async (client: WorkerClient, dataset: string, flags: SpecFlags & Common): Promise<string> => {
    const body = { spec: specOf(dataset, flags), ...(flags.as === undefined ? {} : { email: flags.as }) };
    return (await client.post("/backfills/plan", body, plannedSchema)).id;
  };
  const ask = async (wanted: unknown, { json, ...options }: Common): Promise<void> => {
    const asked = await askCommand(await worker(), parseRequest(wanted), options);
    if (json === true) printJson(asked);
    else print(askedText(asked));
  };

  spec(program.command("plan <dataset>"))
    .description("what a backfill would do and take; it is frozen, and submitted with backfill submit <plan>")
    .action(async (dataset: string, flags: SpecFlags & Common) => {
      const client = await worker();
      const shown = await fetchBackfill(client, await freeze(client, dataset, flags));
      if (flags.json === true) printJson(shown);
      else print(`${planText(shown)}\nsubmit it with npm run nova -- backfill submit ${shown.id}`);
    });

  const backfill = spec(program.command("backfill [dataset]"))
    .description("plan a backfill and submit it at once; with a word behind it: steer one")
    .option("--key <text>", "idempotency key: sent again with the same key, it is the same command")
    .option("--wait", "until it has ended")
    .action(async (dataset: string | undefined, flags: SpecFlags & Common) => {
      const client = await worker();
      if (dataset === undefined) {
        const list = await fetchBackfills(client);
        if (flags.json === true) printJson(list);
        else print(backfillsText(list));
        return;
      }
      const id = await freeze(client, dataset, flags);
      const { as, key } = flags;
      const options = { ...(as === undefined ? {} : { as }), ...(key === undefined ? {} : { key }) };
      const asked = await askCommand(client, parseRequest({ kind: "submit-backfill", target: id }), options);
      if (flags.wait === true) await ended(client, id);
      if (flags.json === true) printJson(await fetchBackfill(client, id));
      else print(askedText(asked));
    });
  const steer = (usage: string, description: string): Command =>
    person(backfill.command(usage))
      .description(description)
      .option("--key <text>", "idempotency key: sent again with the same key, it is the same command");
  steer("submit <plan>", "execute a plan exactly as it was shown").action((target: string, options: Common) =>
    ask({ kind: "submit-backfill", target }, options),
  );
  steer("pause <backfill>", "begin nothing more; what runs runs to its end").action((target: string, options: Common) =>
    ask({ kind: "pause-backfill", target }, options),
  );
  steer("resume <backfill>", "go on with what is left").action((target: string, options: Common) =>
    ask({ kind: "resume-backfill", target }, options),
  );
  steer("cancel <backfill>", "cancel what has not begun")
    .option("--in-flight", "also interrupt the runs that are at it")
    .action((target: string, { inFlight, ...options }: Common & { inFlight?: boolean }) =>
      ask({ kind: "cancel-backfill", target, inFlight: inFlight === true }, options),
    );
  steer("retry <backfill>", "do again what failed, was skipped or cancelled").action(
    (target: string, options: Common) => ask({ kind: "retry-backfill", target }, options),
  );
  steer("parallelism <backfill> <runs>", "how many runs of it at once").action(
    (target: string, runs: string, options: Common) =>
      ask({ kind: "set-backfill-parallelism", target, parallelism: Number(runs) }, options),
  );
  backfill
    .command("show <backfill>")
    .description("a backfill, how far it is, and its plan")
    .option("--json", "as JSON")
    .action(async (id: string, { json }: { json?: boolean }) => {
      const shown = await fetchBackfill(await worker(), id);
      if (json === true) printJson(shown);
      else print(backfillText(shown));
    });
}

/** The spec that flags say. Throws `CommandFailure` that names the flag. */
export function specOf(dataset: string, flags: SpecFlags): BackfillSpec {
  const { from, to, day = [], scope, downstream, perRun, parallelism, reread, set } = flags;
  if ((from === undefined) !== (to === undefined))
    throw new CommandFailure("usage", "--from and --to: name both, or neither");
  const parsed = backfillSpecSchema.safeParse({
    dataset,
    ranges: [...(from === undefined ? [] : [{ from, to }]), ...day.map((one) => ({ from: one, to: one }))],
    ...(scope === undefined ? {} : { scope }),
    ...(downstream === true ? { downstream } : {}),
    ...(perRun === undefined ? {} : { perRun: perRun === PER_RANGE ? perRun : Number(perRun) }),
    ...(parallelism === undefined ? {} : { parallelism: Number(parallelism) }),
    ...(reread === true ? { kind: "reread" } : {}),
    ...(set === undefined ? {} : { parameters: Object.fromEntries(set.map(assignment)) }),
  });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new CommandFailure("usage", `${issue?.path.join(".")}: ${issue?.message}`);
}

function assignment(text: string): [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1) throw new CommandFailure("usage", `--set ${text}: say name=value, e.g. --set tolerance=0.05`);
  return [text.slice(0, at), text.slice(at + 1)];
}

async function ended(worker: WorkerClient, id: string): Promise<void> {
  for (;;) {
    const { state, parts } = await fetchBackfill(worker, id);
    if (state === "done") return;
    if (state === "failed" || state === "cancelled")
      throw new CommandFailure("failed", `backfill ${id} ${state}: ${parts.failed ?? 0} partitions did not succeed`);
    await wait(LOOK_MILLIS);
  }
}
