import type { Logger } from "@nova/pipeline-core/kernel";

/** What the worker warned of meanwhile: shown when a measurement does not come to its end. */
export const complaints: string[] = [];

const complain: Logger["warn"] = (message, fields) =>
  void complaints.push(
    `${message} ${JSON.stringify(fields)} ${fields?.error instanceof Error ? fields.error.message : ""}`,
  );

/** A logger that keeps what a person would look at. */
export const loud: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: complain,
  error: complain,
  with: () => loud,
};
