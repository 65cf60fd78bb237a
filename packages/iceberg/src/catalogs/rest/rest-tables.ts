import { z } from "zod";
import { IcebergError } from "../../errors.ts";
import { parseWithLongs } from "../../metadata/json-longs.ts";
import { metadataFrom } from "../../metadata/metadata-json.ts";
import type { TableMetadata } from "../../metadata/table-metadata.ts";
import type { NewTable, ServedTable, TableIdentifier } from "../catalog.ts";
import type { RestApi } from "./rest-api.ts";
import { asError } from "./rest-errors.ts";
import type { RestAnswer } from "./transport.ts";
import { commitBody } from "./updates.ts";

const tableSchema = z.object({
  "metadata-location": z.string().min(1),
  metadata: z.unknown(),
  config: z.record(z.string(), z.string()).nullish(),
});

const label = (id: TableIdentifier): string => `table ${id.namespace}.${id.name}`;

/** `GET …/tables/{table}`; null when there is none. */
export async function loadTable(api: RestApi, id: TableIdentifier): Promise<ServedTable | null> {
  const about = api.about(`loading ${label(id)}`, { ...id });
  const answer = await api.read("GET", api.tablePath(id), about);
  if (answer.status === 404 && !isMisplaced(answer)) return null;
  if (answer.status !== 200) throw asError(answer, about);
  return served(api, id, answer);
}

/**
 * `POST …/tables`. The ids, the uuid and, where it says so, the location are the service's. An answer that was lost is
 * `commit-state-unknown`.
 */
export async function createTable(
  api: RestApi,
  id: TableIdentifier,
  table: NewTable,
  withLocation: boolean,
): Promise<ServedTable> {
  const about = api.about(`creating ${label(id)}`, { ...id });
  const answer = await api.change("POST", api.tablesPath(id.namespace), about, {
    name: id.name,
    ...(withLocation ? { location: table.location } : {}),
    schema: table.schemas[0],
    "partition-spec": table["partition-specs"][0],
    "write-order": table["sort-orders"][0],
    "stage-create": false,
    properties: table.properties,
  });
  if (answer.status === 409) throw exists(id, answer);
  if (answer.status >= 500) throw unknown(api, id, about.what, answer);
  if (answer.status !== 200) throw asError(answer, about);
  return served(api, id, answer);
}

/** `POST …/register` of a metadata file that somebody wrote. */
export async function registerTable(api: RestApi, id: TableIdentifier, location: string): Promise<void> {
  const about = api.about(`registering ${label(id)}`, { ...id });
  const answer = await api.change("POST", api.namespacePath(id.namespace, "/register"), about, {
    name: id.name,
    "metadata-location": location,
  });
  if (answer.status === 409) throw exists(id, answer);
  if (answer.status !== 200) throw asError(answer, about);
}

/**
 * `POST …/tables/{table}` with requirements and updates. 409 and 404 are a lost race; a failure of the service after it
 * had the request (500, 502, 503, 504, a broken connection) says nothing about the outcome.
 */
export async function commitTable(
  api: RestApi,
  id: TableIdentifier,
  change: { before: TableMetadata; after: TableMetadata },
): Promise<ServedTable | null> {
  const body = commitBody(change.before, change.after);
  const about = api.about(`committing to ${label(id)}`, { ...id });
  const identifier = { namespace: id.namespace.split("."), name: id.name };
  const answer = await api.change("POST", api.tablePath(id), about, { identifier, ...body });
  if (answer.status === 200) return served(api, id, answer);
  const lost = answer.status === 409 || (answer.status === 404 && !isMisplaced(answer));
  if (lost && !answer.afterUnknown) return null;
  if (lost || answer.status >= 500) throw unknown(api, id, about.what, answer);
  throw asError(answer, about);
}

/** `DELETE …/tables/{table}`; false when there is none. */
export async function dropTable(api: RestApi, id: TableIdentifier, purge: boolean): Promise<boolean> {
  const about = api.about(`dropping ${label(id)}`, { ...id });
  const answer = await api.change("DELETE", `${api.tablePath(id)}?purgeRequested=${purge}`, about);
  if (answer.status === 404 && !isMisplaced(answer)) return false;
  if (answer.status >= 300) throw asError(answer, about);
  return true;
}

/** `HEAD …/tables/{table}`, or by loading it where the service does not list that: it came later to the protocol. */
export async function tableExists(api: RestApi, id: TableIdentifier): Promise<boolean> {
  if (!api.config().offers("HEAD /v1/{prefix}/namespaces/{namespace}/tables/{table}", false))
    return (await loadTable(api, id)) !== null;
  const about = api.about(`looking for ${label(id)}`, { ...id });
  const answer = await api.read("HEAD", api.tablePath(id), about);
  if (answer.status === 404) return false;
  if (answer.status >= 300) throw asError(answer, about);
  return true;
}

/** A 404 that is not about the table or its namespace: a wrong address must not look like an empty catalog. */
function isMisplaced(answer: RestAnswer): boolean {
  return !/NoSuch(Table|Namespace)|EntityNotFound|NotFoundException/i.test(answer.type);
}

function unknown(api: RestApi, id: TableIdentifier, what: string, answer: RestAnswer): IcebergError {
  return new IcebergError(
    "commit-state-unknown",
    `catalog ${api.name}, ${what}: the service answered ${answer.status}, which leaves open what it did; look before anything else`,
    { ...id, status: answer.status },
  );
}

function exists(id: TableIdentifier, answer: RestAnswer): IcebergError {
  return answer.afterUnknown
    ? new IcebergError("commit-state-unknown", `${label(id)} exists now, perhaps by this very request; look at it`, {
        ...id,
      })
    : new IcebergError("table-exists", `${label(id)} exists already`, { ...id });
}

function served(api: RestApi, id: TableIdentifier, answer: RestAnswer): ServedTable {
  let json: unknown;
  try {
    json = parseWithLongs(answer.text);
  } catch {
    json = null;
  }
  const parsed = tableSchema.safeParse(json);
  if (!parsed.success)
    throw new IcebergError(
      "metadata-invalid",
      `catalog ${api.name}: its answer about ${label(id)} lacks ${parsed.error.issues[0]?.path.join(".") || "everything"}; check the uri or report it to the service`,
      { ...id },
      parsed.error,
    );
  const location = parsed.data["metadata-location"];
  return {
    metadataLocation: location,
    metadata: metadataFrom(parsed.data.metadata, location),
    config: { ...api.config().properties, ...parsed.data.config },
  };
}
