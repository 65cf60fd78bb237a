import {
  type Refusal,
  replayedReason,
  type SourceId,
  type SourceState,
  type StreamAction,
  type StreamState,
} from "@nova/pipeline-core/connectors";
import type { ChartColor } from "@/ui/time-series-chart.tsx";
import type { Tone } from "@/ui/tone.ts";

/** How changes come in, in a few words. */
export const SOURCE_HOW: Record<SourceId, string> = {
  orders_db: "PostgreSQL, logical replication",
  salesforce: "Bulk API 2.0 and REST queries",
  stripe: "Signed webhooks, gaps filled from the event list",
  app_logs: "OTLP/HTTP and NDJSON",
};

export const SOURCE_COLOR: Record<SourceId, ChartColor> = { orders_db: 1, salesforce: 2, stripe: 4, app_logs: 3 };

interface StateWords {
  readonly label: string;
  readonly tone: Tone;
  readonly spinning: boolean;
}

export const SOURCE_STATE_WORDS: Record<SourceState, StateWords> = {
  "not-configured": { label: "Not configured", tone: "idle", spinning: false },
  connecting: { label: "Connecting", tone: "info", spinning: true },
  snapshotting: { label: "Snapshotting", tone: "info", spinning: true },
  streaming: { label: "Streaming", tone: "ok", spinning: false },
  retrying: { label: "Retrying", tone: "warn", spinning: true },
  stopped: { label: "Stopped", tone: "bad", spinning: false },
};

export const STREAM_STATE_WORDS: Record<StreamState, StateWords> = {
  waiting: { label: "Waiting", tone: "idle", spinning: false },
  snapshotting: { label: "Snapshotting", tone: "info", spinning: true },
  streaming: { label: "Streaming", tone: "ok", spinning: false },
  paused: { label: "Paused", tone: "warn", spinning: false },
  failed: { label: "Failed", tone: "bad", spinning: false },
};

interface ActionWords {
  readonly label: string;
  /** Names the stream, or "every table". */
  readonly ask: (what: string) => string;
  readonly consequence: string;
}

export const STREAM_ACTION_WORDS: Record<StreamAction, ActionWords> = {
  pause: {
    label: "Pause",
    ask: (what) => `Pause ${what}?`,
    consequence:
      "Its changes are not taken until it is resumed, which brings what was missed. The others stream on, and what is made from this one grows old.",
  },
  resume: {
    label: "Resume",
    ask: (what) => `Resume ${what}?`,
    consequence:
      "What was missed is read while changes flow, then it streams as before: a table as a whole in chunks, an object of Salesforce from where it was paused.",
  },
  resync: {
    label: "Resync",
    ask: (what) => `Read ${what} again?`,
    consequence:
      "Every row is read from the source in chunks while changes flow: nothing is lost or doubled, rows that are gone from the source are marked deleted. It puts load on the source for as long as it lasts.",
  },
  replay: {
    label: "Replay quarantine",
    ask: (what) => `Read the quarantined rows of ${what} again?`,
    consequence:
      "Just those rows are read from the source by their keys, or the whole table when only a sample of them was kept. What still does not fit comes back to quarantine.",
  },
  repair: {
    label: "Repair",
    ask: (what) => `Repair ${what}?`,
    consequence: "Just the rows that a comparison found to differ are read from the source by their keys.",
  },
};

/** Words of an action, which for a replay depend on what is replayed. */
export function actionWords({ source, stream, action }: Asked): ActionWords {
  return action === "replay" && replayedReason(source, stream) === "malformed"
    ? JUDGED_AGAIN
    : STREAM_ACTION_WORDS[action];
}

interface Asked {
  readonly source: SourceId;
  readonly stream: string | null;
  readonly action: StreamAction;
}

const JUDGED_AGAIN: ActionWords = {
  label: "Replay quarantine",
  ask: (what) => `Take what was refused of ${what} by the rules of today?`,
  consequence:
    "Everything of it that can be read now is taken, each record once, whatever brought it meanwhile. What still cannot be read stays in quarantine with what is wrong today. The counts are proof.",
};

/** Why something was turned away at the door, and what its sender was answered. */
export const REFUSAL_WORDS: Record<Refusal, string> = {
  unauthorized: "Token missing or wrong (401)",
  quota: "Over its quota, asked to come back (429)",
  "fair-share": "More than its share of the buffer, asked to come back (429)",
  "spool-full": "The buffer was full, asked to come back (429 or 503)",
  refused: "Could not be read or was not signed (400, 413, 415)",
  quarantined: "Taken, with records set aside in quarantine",
  failed: "A fault of ours, asked to try again (503)",
};

/** Reasons of quarantine in words. */
export const REASON_WORDS: Readonly<Record<string, string>> = {
  malformed: "Could not be read",
  "bad-signature": "Signature is missing or wrong",
  "too-large": "Larger than allowed",
  "unknown-stream": "Belongs to no known stream",
  "type-mismatch": "A value does not fit its column",
  "schema-mismatch": "Columns differ from the schema",
};
