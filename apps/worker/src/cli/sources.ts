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

const requestSchema = z.object({ id: z.string(), action: z.enum(ASKED_ACTIONS), stream: z.string().nullable() });

const WHAT: Record<(typeof ASKED_ACTIONS)[number], string> = {
  pause: "stop taking one table's changes; the others stream on",
  resume: "take them again; the table is read again first",
  resync: "read one table again while changes flow; --all: every table",
  replay: "read the rows again that stand in quarantine",
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
      .argument("[stream]", "the table, as public.orders")
      .option("--as <email>", as)
      .option("--json", "as JSON");
    if (action === "resync") steering.option("--all", "every table of the source");
    steering.action(
      async (source: string, stream: string | undefined, flags: Flags & { all?: boolean }, command: Command) => {
        if (stream === undefined && flags.all !== true)
          throw new CommandFailure(
            "usage",
            `stream: name the table to ${action}${action === "resync" ? ", or give --all" : ""}`,
          );
        if (stream !== undefined && flags.all === true)
          throw new CommandFailure("usage", "name one table or give --all, not both");
        const body = { stream: stream ?? null, action, ...person(flags) };
        const asked = await (await worker()).post(`/sources/${source}/requests`, body, requestSchema);
        if (command.optsWithGlobals<Flags>().json === true) printJson(asked);
        else
          print(
            `asked to ${action} ${stream ?? `every table of ${source}`} (${asked.id}); the portal shows how far it is`,
          );
      },
    );
  }
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
