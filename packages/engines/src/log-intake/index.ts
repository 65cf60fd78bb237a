export { logConnector, type LogConnectorOptions } from "./log-connector.ts";
export { type IntakeAnswer, logIntake, type LogIntake, type LogIntakeOptions } from "./log-intake.ts";
export type { OtlpEncoding } from "./otlp.ts";
export { hashLogToken, type LogService, logServices } from "./log-service.ts";
