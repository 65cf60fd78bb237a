import { IcebergError } from "../../errors.ts";
import type { PointerCatalog, TableIdentifier } from "../catalog.ts";

const NO_DATABASE = {
  query: async () => ({ rows: [], rowCount: 0 }),
};

/** Catalog in this process's memory. `within` gets a transaction that does nothing and runs before the swap is published. */
export function memoryCatalog(name = "memory"): PointerCatalog {
  const tables = new Map<string, { id: TableIdentifier; location: string }>();
  const namespaces = new Set<string>();
  const keyOf = (id: TableIdentifier): string => JSON.stringify([id.namespace, id.name]);
  // Swaps queue up, so that no commit publishes while another one's `within` is still deciding.
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = queue.then(work, work);
    queue = mine.catch(() => undefined);
    return mine;
  };

  return {
    kind: "pointer",
    transactional: true,
    name,
    currentMetadata: async (id) => tables.get(keyOf(id))?.location ?? null,
    register: async (id, location) => {
      if (tables.has(keyOf(id)))
        throw new IcebergError("table-exists", `table ${id.namespace}.${id.name} exists already`, { ...id });
      namespaces.add(id.namespace);
      tables.set(keyOf(id), { id, location });
    },
    swap: async (id, change) =>
      inTurn(async () => {
        const entry = tables.get(keyOf(id));
        if (!entry || entry.location !== change.expected) return false;
        await change.within?.(NO_DATABASE);
        tables.set(keyOf(id), { id, location: change.next });
        return true;
      }),
    unregister: async (id) => tables.delete(keyOf(id)),
    listTables: async (namespace) =>
      [...tables.values()]
        .map((entry) => entry.id)
        .filter((id) => namespace === undefined || id.namespace === namespace)
        .sort((a, b) => keyOf(a).localeCompare(keyOf(b))),
    createNamespace: async (namespace) => void namespaces.add(namespace),
    listNamespaces: async () => [...namespaces].sort(),
  };
}
