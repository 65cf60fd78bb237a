import { z } from "zod";
import { IcebergError } from "../../errors.ts";
import type { TableIdentifier } from "../catalog.ts";
import type { RestApi } from "./rest-api.ts";
import { asError, type About } from "./rest-errors.ts";
import type { RestAnswer } from "./transport.ts";

const token = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const namespacePage = z.object({ namespaces: z.array(z.array(z.string())), "next-page-token": token });
const tablePage = z.object({
  identifiers: z.array(z.object({ namespace: z.array(z.string()), name: z.string() })),
  "next-page-token": token,
});
const namespaceSchema = z.object({
  namespace: z.array(z.string()),
  properties: z
    .record(z.string(), z.string())
    .nullish()
    .transform((value) => value ?? {}),
});

/** Every namespace, also those below others, sorted. */
export async function listNamespaces(api: RestApi): Promise<string[]> {
  const found = new Set<string>();
  const children = async (parent: string | null): Promise<void> => {
    const path =
      parent === null
        ? "/namespaces"
        : `/namespaces?parent=${parent.split(".").map(encodeURIComponent).join(api.config().separator)}`;
    const here: string[] = [];
    const about = api.about("listing namespaces", {});
    await api.pages(path, about, (answer) => {
      if (answer.status !== 200) throw asError(answer, about);
      const page = parse(namespacePage, answer, about);
      here.push(...page.namespaces.map((levels) => levels.join(".")));
      return page["next-page-token"];
    });
    for (const namespace of here) {
      if (found.has(namespace)) continue; // a service that knows no levels answers the same to every question
      found.add(namespace);
      await children(namespace);
    }
  };
  await children(null);
  return [...found].sort();
}

/** Tables of a namespace, sorted; none when there is no such namespace. */
export async function listTables(api: RestApi, namespace: string): Promise<TableIdentifier[]> {
  const tables: TableIdentifier[] = [];
  const about = api.about(`listing tables of ${namespace}`, { namespace });
  await api.pages(api.tablesPath(namespace), about, (answer) => {
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw asError(answer, about);
    const page = parse(tablePage, answer, about);
    tables.push(...page.identifiers.map((each) => ({ namespace: each.namespace.join("."), name: each.name })));
    return page["next-page-token"];
  });
  return tables.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Creates a namespace; one that exists is left as it is. Services that know levels want the upper ones first. */
export async function createNamespace(
  api: RestApi,
  namespace: string,
  properties: Readonly<Record<string, string>>,
): Promise<void> {
  const about = api.about(`creating namespace ${namespace}`, { namespace });
  const answer = await api.change("POST", api.namespacePath(null), about, {
    namespace: namespace.split("."),
    properties,
  });
  if (answer.status !== 409 && answer.status >= 300) throw asError(answer, about);
}

/** Properties of a namespace; `namespace-not-found`. */
export async function loadNamespace(api: RestApi, namespace: string): Promise<Record<string, string>> {
  const about = api.about(`loading namespace ${namespace}`, { namespace });
  const answer = await api.read("GET", api.namespacePath(namespace), about);
  if (answer.status !== 200) throw asError(answer, about);
  return parse(namespaceSchema, answer, about).properties;
}

export async function namespaceExists(api: RestApi, namespace: string): Promise<boolean> {
  const about = api.about(`looking for namespace ${namespace}`, { namespace });
  // By GET where the service does not list HEAD: it came later to the protocol.
  const head = api.config().offers("HEAD /v1/{prefix}/namespaces/{namespace}", false);
  const answer = await api.read(head ? "HEAD" : "GET", api.namespacePath(namespace), about);
  if (answer.status === 404) return false;
  if (answer.status >= 300) throw asError(answer, about);
  return true;
}

/** Sets properties, removes those whose value is null. */
export async function updateNamespace(
  api: RestApi,
  namespace: string,
  properties: Readonly<Record<string, string | null>>,
): Promise<void> {
  const about = api.about(`updating namespace ${namespace}`, { namespace });
  const entries = Object.entries(properties);
  const answer = await api.change("POST", api.namespacePath(namespace, "/properties"), about, {
    updates: Object.fromEntries(entries.filter(([, value]) => value !== null)),
    removals: entries.filter(([, value]) => value === null).map(([name]) => name),
  });
  if (answer.status !== 200) throw asError(answer, about);
}

/** Drops an empty namespace; false when there is none. */
export async function dropNamespace(api: RestApi, namespace: string): Promise<boolean> {
  const about = api.about(`dropping namespace ${namespace}`, { namespace });
  const answer = await api.change("DELETE", api.namespacePath(namespace), about);
  if (answer.status === 404) return false;
  if (answer.status >= 300) throw asError(answer, about);
  return true;
}

function parse<T>(schema: z.ZodType<T>, answer: RestAnswer, about: About): T {
  let json: unknown = null;
  try {
    json = JSON.parse(answer.text);
  } catch {
    // told below, with what was expected
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join(".") ?? "";
  throw new IcebergError(
    "catalog-failed",
    `catalog ${about.catalog}, ${about.what}: the answer is not the protocol's (${field === "" ? "no JSON object" : `field ${field}`}); check the uri`,
    { ...about.detail },
    parsed.error,
  );
}
