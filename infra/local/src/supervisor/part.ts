/** How we know that a part serves: it answers, it accepts, it runs, or (a one-off) it ended well. */
export type Readiness =
  | { readonly kind: "http"; readonly url: string }
  | { readonly kind: "postgres"; readonly url: string }
  | { readonly kind: "running" }
  | { readonly kind: "ended" };

/** Everything needed to run one child process of the platform, as plain data. */
export interface PartSpec {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly runAs?: { readonly uid: number; readonly gid: number } | undefined;
  readonly ready: Readiness;
  /** Milliseconds from spawn until we give up waiting for `ready`. */
  readonly readyWithin: number;
  readonly stopSignal: "SIGTERM" | "SIGINT";
  /** Milliseconds from the stop signal until the part is killed. */
  readonly stopWithin: number;
  /** Lower stops first; equal ranks stop together. */
  readonly stopRank: number;
  /** A required part that does not become ready ends the start; another is reported and the rest goes on. */
  readonly required: boolean;
  /** Node parts get a channel by which they notice that the supervisor is gone. */
  readonly channel: boolean;
}

/**
 * `starting`: spawned, not ready yet · `ready`: serves · `restarting`: died, waits for its backoff · `failed`: died too
 * often, stays down until the next start · `stopped`: ended because we asked, or a one-off that ended well.
 */
export type PartState = "starting" | "ready" | "restarting" | "failed" | "stopped";
