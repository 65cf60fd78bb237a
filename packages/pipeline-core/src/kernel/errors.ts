/** Every way the platform can fail. Closed: a new kind does not compile until POLICY has a row for it. */
export type ErrorKind =
  // What a caller asked for
  | "invalid-input"
  | "not-found"
  | "forbidden"
  | "conflict"
  | "query-refused"
  | "query-limit"
  // Sources
  | "source-unreachable"
  | "source-auth"
  | "source-misconfigured"
  | "source-budget"
  | "slot-lost"
  | "payload-rejected"
  // Lakehouse and pipelines
  | "stale-writer"
  | "commit-conflict"
  | "model-invalid"
  | "schema-rejected"
  | "check-failed"
  | "engine-failed"
  | "timed-out"
  | "storage-failed"
  | "cancelled"
  | "failed-by-hand"
  // The platform itself
  | "metadata-unreachable"
  | "overloaded"
  | "internal";

/** `timed`: the worker tries again by itself; `manual`: a person must act first; `never`: trying again cannot help. */
export type RetryMode = "timed" | "manual" | "never";
export type Audience = "caller" | "engineer" | "platform";

export interface ErrorPolicy {
  readonly retry: RetryMode;
  /** What a person should do next, in plain words; the portal shows it as it is. */
  readonly remedy: string;
  readonly audience: Audience;
}

/** The page that says step by step what to do, relative to the repository. */
export function runbookOf(kind: ErrorKind): string {
  return `docs/runbooks/${kind}.md`;
}

/** What to do about each kind of failure: the worker obeys `retry`, the portal shows `remedy`, which names the page for operators. */
export const POLICY: Record<ErrorKind, ErrorPolicy> = namingRunbooks({
  "invalid-input": { retry: "never", remedy: "Correct the named field and try again.", audience: "caller" },
  "not-found": { retry: "never", remedy: "Check the name; the catalog lists what exists.", audience: "caller" },
  forbidden: { retry: "never", remedy: "Ask the dataset's owner for access.", audience: "caller" },
  conflict: { retry: "manual", remedy: "Reload to see what changed, then try again.", audience: "caller" },
  "query-refused": { retry: "never", remedy: "Send one SELECT over catalog datasets.", audience: "caller" },
  "query-limit": {
    retry: "never",
    remedy: "Add a filter or a LIMIT, or aggregate, and run it again.",
    audience: "caller",
  },
  "source-unreachable": {
    retry: "timed",
    remedy: "Check that the source is running and reachable from the worker.",
    audience: "engineer",
  },
  "source-auth": {
    retry: "manual",
    remedy: "Renew the source's credentials in the worker's environment and restart it.",
    audience: "engineer",
  },
  "source-misconfigured": {
    retry: "manual",
    remedy: "Apply the setting that the message names on the source.",
    audience: "engineer",
  },
  "source-budget": {
    retry: "timed",
    remedy: "Nothing to do: capture goes on when the source's API budget resets.",
    audience: "engineer",
  },
  "slot-lost": {
    retry: "manual",
    remedy: "Resync the source: its replication slot no longer holds the missing changes.",
    audience: "engineer",
  },
  "payload-rejected": {
    retry: "never",
    remedy: "Look at the quarantined sample and correct the sender.",
    audience: "engineer",
  },
  "stale-writer": {
    retry: "never",
    remedy: "Nothing to do: a newer worker took over this work.",
    audience: "platform",
  },
  "commit-conflict": {
    retry: "timed",
    remedy: "Nothing to do: the commit is tried again on the newest snapshot.",
    audience: "platform",
  },
  "model-invalid": { retry: "manual", remedy: "Correct the model file at the named line.", audience: "engineer" },
  "schema-rejected": { retry: "manual", remedy: "Settle the schema drift, then run again.", audience: "engineer" },
  "check-failed": {
    retry: "manual",
    remedy: "Look at the failing check; the last good snapshot stays in place.",
    audience: "engineer",
  },
  "engine-failed": { retry: "timed", remedy: "Read the step's log; the run is tried again.", audience: "engineer" },
  "timed-out": {
    retry: "timed",
    remedy:
      "Nothing was published; it is tried again. If it happens again, see what the step read, or raise `timeout` in the model's header.",
    audience: "engineer",
  },
  "storage-failed": {
    retry: "timed",
    remedy: "Check free space and permissions of the lake folder.",
    audience: "platform",
  },
  cancelled: {
    retry: "manual",
    remedy: "Nothing to do: a person cancelled it. Retry the run when it should go on.",
    audience: "engineer",
  },
  "failed-by-hand": {
    retry: "manual",
    remedy: "Read the reason that was given. Retry the run when it should go on.",
    audience: "engineer",
  },
  "metadata-unreachable": {
    retry: "timed",
    remedy: "Check that the metadata PostgreSQL is running.",
    audience: "platform",
  },
  overloaded: { retry: "timed", remedy: "Send again after the time the answer names.", audience: "caller" },
  internal: { retry: "manual", remedy: "Report it with the id shown; the log has the details.", audience: "platform" },
});

export function isErrorKind(text: string): text is ErrorKind {
  return Object.hasOwn(POLICY, text);
}

function namingRunbooks(policies: Record<ErrorKind, ErrorPolicy>): Record<ErrorKind, ErrorPolicy> {
  return Object.fromEntries(
    Object.entries(policies).map(([kind, policy]) => [
      kind,
      policy.audience === "caller"
        ? policy
        : { ...policy, remedy: `${policy.remedy} Steps: ${runbookOf(kind as ErrorKind)}.` },
    ]),
  ) as Record<ErrorKind, ErrorPolicy>;
}

/** The one error type of the platform. `message` and `detail` never carry secrets or personal data. */
export class PlatformError extends Error {
  readonly kind: ErrorKind;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(kind: ErrorKind, message: string, options: { detail?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "PlatformError";
    this.kind = kind;
    this.detail = options.detail ?? {};
  }

  get policy(): ErrorPolicy {
    return POLICY[this.kind];
  }
}

/** Also true for one made by another copy of this module: Next bundles pages and route handlers apart. */
export function isPlatformError(error: unknown): error is PlatformError {
  return (
    error instanceof PlatformError || (error instanceof Error && error.name === "PlatformError" && "kind" in error)
  );
}

/** Gives any thrown value a kind; what is not ours already becomes `fallback` and keeps its cause. */
export function asPlatformError(error: unknown, fallback: ErrorKind = "internal"): PlatformError {
  if (isPlatformError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new PlatformError(fallback, message, { cause: error });
}

/** Ends an exhaustive switch: compiles only when every case was handled. */
export function assertExhaustive(value: never): never {
  throw new PlatformError("internal", `unhandled case: ${JSON.stringify(value)}`);
}
