/** What was sent to an intake of logs and acknowledged. */
export interface SentLogs {
  readonly events: number;
  /** Sum of the events' numbers. */
  readonly numbers: number;
}

/** One that takes in logs over OTLP/HTTP: our worker, or a product beside it. */
export interface LogTaker {
  readonly name: string;
  /** Done once it listens. */
  start(): Promise<TakingLogs>;
}

/** One that is at work. */
export interface TakingLogs {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  /** Where an event is at the moment its sender is told that all is well. */
  readonly acknowledges: string;
  readonly wrote: string;
  /** Whether all that was sent since the start is there. */
  holds(sent: SentLogs): Promise<boolean>;
  /** Throws when an event that was sent since the start is missing or there twice. */
  check(sent: SentLogs): Promise<void>;
  stop(): Promise<void>;
}
