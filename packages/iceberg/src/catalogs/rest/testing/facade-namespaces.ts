import { RestRefusal } from "./apply-updates.ts";
import { page, type FacadeOptions, type Routes } from "./facade-protocol.ts";

const SEPARATOR = "\u001f";

/** Levels of a namespace as one part of an address has them. */
export const namespaceOf = (part: string): string => part.split(SEPARATOR).join(".");

/** `/namespaces…`. Properties live in memory; namespaces are also made by tables. */
export function facadeNamespaces(options: FacadeOptions): {
  routes: Routes;
  known: (namespace: string) => Promise<boolean>;
} {
  const properties = new Map<string, Record<string, string>>();
  const all = async (): Promise<string[]> => {
    const names = new Set([...properties.keys(), ...(await options.catalog.listNamespaces())]);
    // A lower level implies the ones above it.
    for (const name of names) for (let up = name; up.includes(".");) names.add((up = up.replace(/\.[^.]*$/, "")));
    return [...names].sort();
  };
  const dropped = new Set<string>();
  const known = async (namespace: string): Promise<boolean> =>
    !dropped.has(namespace) && (await all()).includes(namespace);
  const require = async (namespace: string): Promise<void> => {
    if (!(await known(namespace)))
      throw new RestRefusal(404, "NoSuchNamespaceException", `Namespace does not exist: ${namespace}`);
  };

  const routes: Routes = async (method, [first, name, rest], { query, body }) => {
    if (first !== "namespaces") return null;
    if (name === undefined) {
      if (method === "POST") {
        const namespace = (body["namespace"] as string[]).join(".");
        if (await known(namespace)) throw new RestRefusal(409, "AlreadyExistsException", "Namespace exists");
        const given = (body["properties"] ?? {}) as Record<string, string>;
        dropped.delete(namespace);
        properties.set(namespace, given);
        await options.catalog.createNamespace(namespace, given);
        return { status: 200, json: { namespace: namespace.split("."), properties: given } };
      }
      const parent = query.get("parent");
      const above = parent === null ? "" : `${namespaceOf(parent)}.`;
      const children = (await all()).filter(
        (each) => !dropped.has(each) && each.startsWith(above) && !each.slice(above.length).includes("."),
      );
      const { items, next } = page(children, query, options.maxPage ?? 100);
      return { status: 200, json: { namespaces: items.map((each) => each.split(".")), "next-page-token": next } };
    }
    const namespace = namespaceOf(name);
    if (rest === "properties" && method === "POST") {
      await require(namespace);
      const current = { ...properties.get(namespace), ...(body["updates"] as Record<string, string>) };
      for (const gone of (body["removals"] ?? []) as string[]) delete current[gone];
      properties.set(namespace, current);
      return { status: 200, json: { updated: [], removed: [], missing: [] } };
    }
    if (rest !== undefined) return null;
    await require(namespace);
    if (method === "HEAD") return { status: 204 };
    if (method === "GET")
      return { status: 200, json: { namespace: namespace.split("."), properties: properties.get(namespace) ?? {} } };
    if (method !== "DELETE") return null;
    if ((await options.catalog.listTables(namespace)).length > 0)
      throw new RestRefusal(409, "NamespaceNotEmptyException", "Namespace is not empty");
    properties.delete(namespace);
    dropped.add(namespace);
    return { status: 204 };
  };
  return { routes, known };
}
