import { IcebergError } from "../../errors.ts";
import { NoAnswer, type RestAnswer } from "./transport.ts";

/** What a request was about, for messages. No secrets. */
export interface About {
  readonly catalog: string;
  readonly what: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** The typed error of an answer that no caller handles specially (REST specification, "ErrorModel"). */
export function asError(answer: RestAnswer, about: About): IcebergError {
  const { status, type, message } = answer;
  const said = `${status}${type === "" ? "" : ` ${type}`}${message === "" ? "" : `: ${message}`}`;
  const make = (kind: IcebergError["kind"], fix: string): IcebergError =>
    new IcebergError(kind, `catalog ${about.catalog}, ${about.what}: ${fix} (${said})`, {
      ...about.detail,
      status,
      type,
    });
  if (status === 401) return make("access-denied", "the credentials were not accepted; check them and their expiry");
  if (status === 403) return make("access-denied", "the credentials lack a permission; grant it to this role");
  if (status === 404) return notFound(type, make);
  if (status === 406 || status === 501) return make("unsupported-feature", "the service does not offer this");
  if (status === 409)
    return type === "NamespaceNotEmptyException"
      ? make("invalid-input", "the namespace still has tables; drop them first")
      : make("commit-conflict", "something else was first");
  if (status === 429) return make("throttled", "the service asks for fewer requests; try later");
  if (status >= 400 && status < 500) return make("invalid-input", "the service refused the request");
  return make("catalog-failed", "the service failed; try later");
}

function notFound(type: string, make: (kind: IcebergError["kind"], fix: string) => IcebergError): IcebergError {
  if (/Namespace/i.test(type)) return make("namespace-not-found", "there is no such namespace; create it first");
  if (/Table/i.test(type)) return make("table-not-found", "there is no such table; create it first");
  return make("catalog-failed", "the address is unknown to the service; check uri and warehouse");
}

/** A request without an answer. For changes the outcome is open unless nothing left this machine. */
export function noAnswerError(error: unknown, about: About, changes: boolean): unknown {
  if (!(error instanceof NoAnswer)) return error;
  const cause = (error.cause as Error | undefined)?.message ?? "";
  return changes && !error.refused
    ? new IcebergError(
        "commit-state-unknown",
        `catalog ${about.catalog}, ${about.what}: the answer was lost (${cause}); look before anything else`,
        { ...about.detail },
        error,
      )
    : new IcebergError(
        "catalog-failed",
        `catalog ${about.catalog}, ${about.what}: no answer (${cause}); check the uri and the network`,
        { ...about.detail },
        error,
      );
}
