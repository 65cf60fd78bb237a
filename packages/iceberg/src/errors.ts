/** What went wrong, closed: callers switch on it, the message names the file, field or option and the fix. */
export type IcebergErrorKind =
  | "table-not-found"
  | "table-exists"
  | "namespace-not-found"
  | "snapshot-not-found"
  | "invalid-input"
  | "schema-mismatch"
  | "schema-evolution"
  | "duplicate-key"
  | "null-key"
  | "commit-conflict"
  | "commit-state-unknown"
  | "work-after-commit-failed"
  | "metadata-invalid"
  | "manifest-invalid"
  | "unsupported-version"
  | "unsupported-feature"
  | "file-missing"
  | "file-exists"
  | "path-outside-storage"
  | "access-denied"
  | "throttled"
  | "storage-failed"
  | "catalog-failed"
  | "engine-failed";

/** The one error type of this package. `detail` is plain data that we own; the underlying failure is in `cause`. */
export class IcebergError extends Error {
  override readonly name = "IcebergError";
  readonly kind: IcebergErrorKind;
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(kind: IcebergErrorKind, message: string, detail: Record<string, unknown> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.detail = detail;
  }
}

/** True when `error` is an {@link IcebergError} of that kind. */
export function isIcebergError(error: unknown, kind?: IcebergErrorKind): error is IcebergError {
  return error instanceof IcebergError && (kind === undefined || error.kind === kind);
}

/** Marks a place that the compiler proves unreachable; a value that slips in at run time is named. */
export function assertNever(value: never, what: string): never {
  throw new IcebergError("invalid-input", `${what}: unexpected value ${JSON.stringify(value)}`);
}
