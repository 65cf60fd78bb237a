import protobuf from "protobufjs";
import type { EnvelopeLines } from "./envelope-lines.ts";
import { readOtlpJson } from "./otlp-json.ts";
import { OTLP_PROTO } from "./otlp-proto.ts";
import { readOtlpProtobuf } from "./otlp-protobuf.ts";

export type OtlpEncoding = "protobuf" | "json";

const { root } = protobuf.parse(OTLP_PROTO, { keepCase: true });
const RESPONSE = root.lookupType("Response");
const STATUS = root.lookupType("Status");

/** Writes an export request as envelope lines, the same ones for both encodings. Throws `payload-rejected` when it is none. */
export function readOtlp(body: Buffer, encoding: OtlpEncoding, lines: EnvelopeLines): void {
  if (encoding === "json") readOtlpJson(body, lines);
  else readOtlpProtobuf(body, lines);
}

/** The export response: empty on full success, else how many were refused and why. */
export function encodeOtlpResponse(encoding: OtlpEncoding, rejected: number, message: string): Buffer {
  const body =
    rejected === 0 && message === "" ? {} : { partialSuccess: { rejectedLogRecords: rejected, errorMessage: message } };
  if (encoding === "json") return Buffer.from(JSON.stringify(body));
  return Buffer.from(RESPONSE.encode(RESPONSE.fromObject(body)).finish());
}

/** The error body of OTLP/HTTP: a google.rpc.Status in the request's encoding. */
export function encodeOtlpStatus(encoding: OtlpEncoding, code: number, message: string): Buffer {
  if (encoding === "json") return Buffer.from(JSON.stringify({ code, message }));
  return Buffer.from(STATUS.encode(STATUS.fromObject({ code, message })).finish());
}
