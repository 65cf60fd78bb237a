import { isPlatformError, type Logger, type LogLevel } from "@nova/pipeline-core/kernel";
import { type DestinationStream, type Logger as Pino, pino } from "pino";

/** Fields that never reach a log line, wherever a caller may have put them. */
const SECRET_FIELDS = [
  "password",
  "token",
  "secret",
  "authorization",
  "apiKey",
  "clientSecret",
  "connectionString",
  "databaseUrl",
  "payload",
];

/**
 * Structured lines, one JSON object each: `time` (ISO 8601), `level`, `msg` and fields. Errors keep kind, message,
 * stack and causes; connection strings inside messages lose their password.
 */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: "[hidden]" },
    serializers: { error: describeError },
  };
  return wrap(destination === undefined ? pino(options, pino.destination({ sync: true })) : pino(options, destination));
}

function wrap(target: Pino): Logger {
  return {
    debug: (message, fields) => target.debug(fields ?? {}, message),
    info: (message, fields) => target.info(fields ?? {}, message),
    warn: (message, fields) => target.warn(fields ?? {}, message),
    error: (message, fields) => target.error(fields ?? {}, message),
    with: (fields) => wrap(target.child(fields)),
  };
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return hidePasswords(String(error));
  return {
    ...(isPlatformError(error) ? { kind: error.kind, detail: error.detail } : { name: error.name }),
    message: hidePasswords(error.message),
    stack: hidePasswords(error.stack ?? ""),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

/** `scheme://user:password@host` → `scheme://user:***@host`. */
export function hidePasswords(text: string): string {
  return text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]+):[^\s@]+@/gi, "$1:***@");
}
