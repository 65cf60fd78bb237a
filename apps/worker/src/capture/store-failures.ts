import { asPlatformError, type ErrorKind, PlatformError } from "@nova/pipeline-core/kernel";

/** SQLSTATE classes of a server that is away, full or in other hands; without any state it is the network. */
const AWAY = /^(08|53|57)/;
/** lock_not_available: the pool waits for a lock no longer than it may. */
const LOCKED = "55P03";

/**
 * The same store, whose failures are told as its own. A connector takes what it does not know for a failure of its source,
 * and would stop the source, with the wrong remedy, because the metadata database was restarted.
 */
export function ownFailures<Store extends object>(store: Store): Store {
  return new Proxy(store, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== "function") return method;
      return (...given: unknown[]): unknown => {
        const answer: unknown = Reflect.apply(method, target, given);
        return answer instanceof Promise ? answer.catch(rethrow) : answer;
      };
    },
  });
}

function rethrow(error: unknown): never {
  const { code } = error as { code?: unknown };
  if (code === LOCKED)
    throw new PlatformError(
      "metadata-unreachable",
      "a table of the metadata database is locked by another session: end it, or wait until it ends",
      { cause: error },
    );
  throw asPlatformError(error, kindOf(error));
}

function kindOf(error: unknown): ErrorKind {
  const { code } = error as { code?: unknown };
  const state = typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : null;
  return state === null || AWAY.test(state) ? "metadata-unreachable" : "internal";
}
