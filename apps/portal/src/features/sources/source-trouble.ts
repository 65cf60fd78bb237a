import type { SourceId, SourceState } from "@nova/pipeline-core/connectors";
import { SOURCE_LABEL } from "@/features/source-names/index.ts";
import { type ErrorKind, POLICY } from "@nova/pipeline-core/kernel";

interface Troubled {
  readonly id: SourceId;
  readonly state: SourceState;
  readonly errorKind: ErrorKind | null;
  readonly errorMessage: string | null;
}

export interface SourceTrouble {
  readonly tone: "warn" | "bad" | "info";
  /** Goes on with "since <time>". */
  readonly what: string;
  readonly message: string | null;
  /** What the worker does by itself. */
  readonly worker: string;
  /** What a person should do. */
  readonly remedy: string | null;
}

const KEPT: Record<SourceId, string> = {
  orders_db: "the database keeps its changes in the replication slot until they are read",
  salesforce: "Salesforce keeps what changed and deleted rows for 15 days",
  stripe: "Stripe keeps its events for 30 days and they are read again from the event list",
  app_logs: "senders keep and repeat what was not answered",
};

/** What to say of a source that does not stream as it should; null when nothing is wrong. */
export function sourceTrouble(source: Troubled): SourceTrouble | null {
  const label = SOURCE_LABEL[source.id];
  const remedy = source.errorKind === null ? null : POLICY[source.errorKind].remedy;
  switch (source.state) {
    case "streaming":
    case "snapshotting":
      return null;
    case "connecting":
      return source.errorKind === null
        ? null
        : {
            tone: "warn",
            what: `${label} is being connected again`,
            message: source.errorMessage,
            worker: `The worker is connecting; ${KEPT[source.id]}.`,
            remedy,
          };
    case "retrying":
      return {
        tone: "warn",
        what: `${label} cannot be read`,
        message: source.errorMessage,
        worker: `The worker keeps trying, at most a minute apart, and goes on where it stopped; ${KEPT[source.id]}.`,
        remedy,
      };
    case "stopped":
      return {
        tone: "bad",
        what: `${label} is stopped`,
        message: source.errorMessage,
        worker: "The worker does not try again until someone has acted; what was read stays.",
        remedy,
      };
    case "not-configured":
      return {
        tone: "info",
        what: `${label} is not configured`,
        message: null,
        worker: "The worker was started without a connection to it.",
        remedy: "Give the worker the source's connection in its environment and restart it.",
      };
  }
}
