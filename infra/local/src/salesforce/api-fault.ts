/**
 * A refusal as Salesforce's REST and Bulk APIs word it: an HTTP status and `[{ errorCode, message }]`.
 * The codes are Salesforce's own, so that a connector's table of retryable and final errors is tested for real.
 */
export class ApiFault extends Error {
  readonly status: number;
  readonly errorCode: string;

  constructor(status: number, errorCode: string, message: string) {
    super(message);
    this.name = "ApiFault";
    this.status = status;
    this.errorCode = errorCode;
  }

  body(): readonly { errorCode: string; message: string }[] {
    return [{ errorCode: this.errorCode, message: this.message }];
  }
}

/** The HTTP status Salesforce sends with a code; 400 for the many that are plain mistakes of the caller. */
const STATUS: Readonly<Record<string, number>> = {
  INVALID_SESSION_ID: 401,
  REQUEST_LIMIT_EXCEEDED: 403,
  API_DISABLED_FOR_ORG: 403,
  INSUFFICIENT_ACCESS: 403,
  NOT_FOUND: 404,
  SERVER_UNAVAILABLE: 503,
  UNKNOWN_EXCEPTION: 500,
};

const MESSAGE: Readonly<Record<string, string>> = {
  INVALID_SESSION_ID: "Session expired or invalid",
  REQUEST_LIMIT_EXCEEDED: "TotalRequests Limit exceeded.",
  API_DISABLED_FOR_ORG: "The REST API is not enabled for this Organization.",
  NOT_FOUND: "The requested resource does not exist",
  SERVER_UNAVAILABLE: "Server is temporarily unavailable",
  UNKNOWN_EXCEPTION: "An unexpected error occurred. Please include this ErrorId if you contact support",
};

/** The fault for a code, with the status and words Salesforce uses; `status` overrides. */
export function faultOf(errorCode: string, message?: string, status?: number): ApiFault {
  return new ApiFault(status ?? STATUS[errorCode] ?? 400, errorCode, message ?? MESSAGE[errorCode] ?? errorCode);
}
