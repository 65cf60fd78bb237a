import type { Logger } from "@nova/pipeline-core/kernel";

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLogger,
};

/** Keeps errors in `into`, as the words of a test that fails; the rest is nobody's concern. */
export function complainingLogger(into: string[]): Logger {
  const logger: Logger = {
    ...silentLogger,
    error: (message, fields) => void into.push(`${message} ${JSON.stringify(fields)} ${String(fields?.error)}`),
    with: () => logger,
  };
  return logger;
}
