import { asPlatformError, type ErrorKind, isPlatformError, PlatformError } from "@nova/pipeline-core/kernel";

/** SQLSTATEs with a meaning of their own for capture; whole classes below. */
const BY_CODE: Readonly<Record<string, ErrorKind>> = {
  "28000": "source-auth",
  "28P01": "source-auth",
  "3D000": "source-misconfigured",
  "42501": "source-misconfigured",
  "55006": "source-unreachable", // slot still held by a connection that is going away
  "53400": "source-misconfigured", // all replication slots in use
  "55000": "source-misconfigured", // wal_level, slot invalidated: told apart below
  "58P01": "slot-lost", // the log segment was removed
};

const BY_CLASS: Readonly<Record<string, ErrorKind>> = {
  "08": "source-unreachable",
  "53": "source-unreachable",
  "57": "source-unreachable",
  "58": "source-unreachable",
  XX: "source-unreachable",
};

/** Gives an error of the source's PostgreSQL its kind. Messages of PostgreSQL name objects, never values of rows. */
export function captureFailure(error: unknown): PlatformError {
  if (isPlatformError(error)) return error;
  const code = (error as { code?: unknown }).code;
  const message = error instanceof Error ? error.message : String(error);
  if (typeof code === "string" && /^[0-9A-Z]{5}$/.test(code)) {
    if (/can no longer (get changes|access)|invalidated/.test(message)) {
      return new PlatformError("slot-lost", `the replication slot was invalidated: ${message}`, { cause: error });
    }
    if (code === "28000" && message.includes("no encryption"))
      return new PlatformError(
        "source-misconfigured",
        "TLS: the server wants it: add sslmode=require to the connection",
        {
          cause: error,
        },
      );
    const kind = BY_CODE[code] ?? BY_CLASS[code.slice(0, 2)] ?? "source-misconfigured";
    return new PlatformError(kind, `PostgreSQL ${code}: ${message}`, { cause: error });
  }
  const tls = tlsProblem(code, message);
  if (tls !== null) return new PlatformError("source-misconfigured", tls, { cause: error });
  return asPlatformError(error, "source-unreachable");
}

/** What is wrong with an encrypted connection and what to change; null when that is not it. */
function tlsProblem(code: unknown, message: string): string | null {
  switch (code) {
    case "SELF_SIGNED_CERT_IN_CHAIN":
    case "DEPTH_ZERO_SELF_SIGNED_CERT":
    case "UNABLE_TO_VERIFY_LEAF_SIGNATURE":
    case "UNABLE_TO_GET_ISSUER_CERT":
    case "UNABLE_TO_GET_ISSUER_CERT_LOCALLY":
    case "CERT_SIGNATURE_FAILURE":
      return `TLS: the server's certificate is not signed by the authority we trust (${String(code)}): set ORDERS_DB_CA_FILE to the file with its CA certificate`;
    case "CERT_HAS_EXPIRED":
    case "CERT_NOT_YET_VALID":
      return `TLS: the server's certificate is not valid now (${String(code)}): it has to be renewed at the source`;
    case "ERR_TLS_CERT_ALTNAME_INVALID":
      return "TLS: the server's certificate is for another host name: connect by the name it has, or use sslmode=verify-ca";
    case "ENOENT":
    case "EACCES":
      return `TLS: the CA certificate cannot be read (${message}): check ORDERS_DB_CA_FILE`;
    default:
      return message.includes("does not support SSL")
        ? "TLS: the server does not offer it: turn ssl on at the source, or leave sslmode out of the connection"
        : null;
  }
}

/** Classes of SQLSTATE that are about one table or its rows: data, integrity, access rules, locks, program limits, corruption. */
const OF_ONE_TABLE = ["22", "23", "25", "2F", "38", "39", "42", "54", "55", "0A", "XX"];

/** What one table failed with; null when the failure is not the table's own. */
export function tableFailure(error: unknown): PlatformError | null {
  const { code } = error as { code?: unknown };
  if (typeof code !== "string") return null;
  // A statement that ran into its time limit is about that table too; the rest of its class is the server going away.
  return code === "57014" || OF_ONE_TABLE.includes(code.slice(0, 2)) ? captureFailure(error) : null;
}
