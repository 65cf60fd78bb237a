/**
 * What the portal is told over PostgreSQL NOTIFY on this channel: which thing changed, never its content
 * (payloads are small, and readers re-read by id).
 */
export const EVENT_CHANNEL = "nova_events";

export const EVENT_TOPICS = [
  "source",
  "dataset",
  "run",
  "check",
  "query",
  "quarantine",
  "command",
  "backfill",
] as const;
export type EventTopic = (typeof EVENT_TOPICS)[number];

export interface PlatformEvent {
  readonly topic: EventTopic;
  /** Source id, dataset name, run id … */
  readonly id: string;
}
