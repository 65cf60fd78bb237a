import { IcebergError } from "../../errors.ts";

/** What the SDK throws: its name is the service's error code. */
interface ServiceError {
  readonly name?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

export const statusOf = (error: unknown): number | undefined => (error as ServiceError).$metadata?.httpStatusCode;
export const codeOf = (error: unknown): string => (error as ServiceError).name ?? "";

/** Somebody's object has the key: the condition `If-None-Match: *` did not hold. */
export function isTaken(error: unknown): boolean {
  return statusOf(error) === 412 || codeOf(error) === "PreconditionFailed";
}

/** Two conditional writes met; the service wants one of them to try again (S3 "ConditionalRequestConflict"). */
export function isConditionalConflict(error: unknown): boolean {
  return codeOf(error) === "ConditionalRequestConflict" || statusOf(error) === 409;
}

const THROTTLED = new Set(["SlowDown", "Throttling", "ThrottlingException", "TooManyRequests", "RequestLimitExceeded"]);

/** The typed error of a failed request; the message names the object and the fix, never a credential. */
export function s3Failure(verb: string, location: string, error: unknown): IcebergError {
  if (error instanceof IcebergError) return error;
  const [code, status] = [codeOf(error), statusOf(error)];
  const detail = { location, code, ...(status === undefined ? {} : { status }) };
  const make = (kind: IcebergError["kind"], text: string): IcebergError => new IcebergError(kind, text, detail, error);
  if (code === "NoSuchBucket")
    return make(
      "storage-failed",
      `cannot ${verb} ${location}: there is no such bucket; create it or correct the warehouse`,
    );
  if (code === "NoSuchKey" || code === "NotFound" || status === 404)
    return make("file-missing", `${location} does not exist`);
  if (status === 401 || status === 403 || code === "CredentialsProviderError" || code === "ExpiredToken")
    return make(
      "access-denied",
      `cannot ${verb} ${location}: access denied (${code}); grant this role the permission, or renew its credentials`,
    );
  if (THROTTLED.has(code) || status === 429 || status === 503)
    return make("throttled", `cannot ${verb} ${location}: the service asks for fewer requests (${code}); try later`);
  if (status === 301 || code === "PermanentRedirect" || code === "AuthorizationHeaderMalformed")
    return make("storage-failed", `cannot ${verb} ${location}: the bucket is in another region; set region`);
  return make(
    "storage-failed",
    `cannot ${verb} ${location}: ${code === "" ? "" : `${code}: `}${(error as Error).message}`,
  );
}
