import { type ErrorKind, isPlatformError, PlatformError } from "@nova/pipeline-core/kernel";

/** Error codes of Salesforce's APIs that mean more than "try again". */
const BY_CODE: Readonly<Record<string, ErrorKind>> = {
  invalid_client: "source-auth",
  invalid_client_id: "source-auth",
  invalid_grant: "source-auth",
  INVALID_LOGIN: "source-auth",
  INVALID_SESSION_ID: "source-auth",
  API_DISABLED_FOR_ORG: "source-misconfigured",
  INSUFFICIENT_ACCESS: "source-misconfigured",
  INVALID_FIELD: "source-misconfigured",
  INVALID_TYPE: "source-misconfigured",
  MALFORMED_QUERY: "source-misconfigured",
  REQUEST_LIMIT_EXCEEDED: "source-budget",
};

export function salesforceErrorCode(error: unknown): string | null {
  const { errorCode, name } = error as { errorCode?: unknown; name?: unknown };
  if (typeof errorCode === "string") return errorCode;
  return typeof name === "string" ? name : null;
}

/** Gives an error of Salesforce its kind; messages of the API name objects and fields, never values. */
export function salesforceFailure(error: unknown): PlatformError {
  if (isPlatformError(error)) return error;
  const code = salesforceErrorCode(error);
  const message = error instanceof Error ? error.message : String(error);
  const kind = code === null ? undefined : BY_CODE[code];
  return new PlatformError(kind ?? "source-unreachable", `Salesforce: ${code === null ? "" : `${code} `}${message}`, {
    cause: error,
  });
}
