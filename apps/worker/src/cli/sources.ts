import { type SourceDiagnosis, sourceDiagnosisSchema, ASKED_ACTIONS, worstFirst } from "@nova/pipeline-core/connectors";
import type { Command } from "commander";
import { z } from "zod";
import { CommandFailure } from "./command-failure.ts";
import type { WorkerClient } from "./worker-client.ts";

interface SourceCommandDeps {
  readonly worker: () => Promise<WorkerClient>;
  readonly print: (text: string) => void;
  readonly printJson: (value: unknown) => void;
}

interface Flags {
  readonly json?: boolean;
  readonly as?: string;
}

interface PartFlags {
  readonly why?: string;
  readonly all?: boolean;
  readonly from?: string[];
  readonly to?: string[];
}

const requestSchema = z.object({ id: z.string(), action: z.enum(ASKED_ACTIONS), stream: z.string().nullable() });

const WHAT: Record<(typeof ASKED_ACTIONS)[number], string> = {
  pause: "stop taking the changes of one table or object; the others stream on",
  resume: "take them again, with what was missed: a table is read again, an object from where it was paused",
  resync: "read one table or object again while changes flow; --all: every table; --from, --to: some of its rows",
  replay:
    "take what stands in quarantine: rows are read again by key, log records (app_logs events) and events of no known stream (stripe) are judged by the rules of today",
};

/** `nova sources check|pause|resume|resync|replay`; the same as the buttons of the portal. */
export function addSourceCommands(sources: Command, { worker, print, printJson }: SourceCommandDeps): void {
  const as = "in the name and with the rights of this person instead of the operator's";
  sources
    .command("check")
    .description("what capture needs of a source, how it stands, and the statement that mends it")
    .argument("[source]", "the source", "orders_db")
    .option("--as <email>", as)
    .option("--json", "as JSON")
    .action(async (source: string, flags: Flags, command: Command) => {
      const { json } = command.optsWithGlobals<Flags>();
      const diagnosis = await (await worker()).post(`/sources/${source}/check`, person(flags), sourceDiagnosisSchema);
      if (json === true) printJson(diagnosis);
      else print(diagnosisText(diagnosis));
      if (diagnosis.findings.some((each) => each.outcome === "wrong"))
        throw new CommandFailure("failed", `${source} does not meet every requirement`);
    });
  for (const action of ASKED_ACTIONS) {
    const steering = sources
      .command(action)
      .description(WHAT[action])
      .argument("<source>", "the source")
      .argument("[stream]", "the table or object, as public.orders")
      .option("--as <email>", as)
      .option("--json", "as JSON");
    if (action === "resync")
      steering
        .option("--all", "every table of the source")
        .option("--from <key...>", "only rows from this key on; give each value of a key of several columns")
        .option("--to <key...>", "only rows up to this key, itself included");
    if (action === "replay")
      steering.option("--why <words>", "only what was refused in these words, as `nova sources quarantine` shows them");
    steering.action(async (source: string, stream: string | undefined, flags: Flags & PartFlags, command: Command) => {
      if (stream === undefined && flags.all !== true && action !== "replay")
        throw new CommandFailure(
          "usage",
          `stream: name the table to ${action}${action === "resync" ? ", or give --all" : ""}`,
        );
      if (stream !== undefined && flags.all === true)
        throw new CommandFailure("usage", "name one table or give --all, not both");
      if (flags.all === true && rangeOf(flags) !== undefined)
        throw new CommandFailure("usage", "--from and --to are about one table");
      const range = rangeOf(flags);
      const why = flags.why === undefined ? {} : { why: flags.why };
      const body = {
        stream: stream ?? null,
        action,
        ...(range === undefined ? {} : { range }),
        ...why,
        ...person(flags),
      };
      const asked = await (await worker()).post(`/sources/${source}/requests`, body, requestSchema);
      if (command.optsWithGlobals<Flags>().json === true) printJson(asked);
      else
        print(
          `asked to ${action} ${stream ?? (action === "replay" ? `what ${source} refused of no known stream` : `every table of ${source}`)} (${asked.id}); the portal shows how far it is`,
        );
    });
  }
}

function rangeOf({ from, to }: PartFlags): { from: string[] | null; through: string[] | null } | undefined {
  return from === undefined && to === undefined ? undefined : { from: from ?? null, through: to ?? null };
}

function person({ as }: Flags): { email?: string } {
  return as === undefined ? {} : { email: as };
}

/** The worst first; under each that is not met the statement that mends it. */
export function diagnosisText({ findings }: SourceDiagnosis): string {
  const width = Math.max(...findings.map((each) => each.requirement.length));
  return worstFirst(findings)
    .flatMap(({ outcome, requirement, found, remedy }) => [
      `${outcome.toUpperCase().padEnd(7)}  ${requirement.padEnd(width)}  ${found}`,
      ...(remedy === null ? [] : [`${" ".repeat(9)}${remedy}`]),
    ])
    .join("\n");
}
