import { IcebergError } from "../../errors.ts";
import type { ServiceCatalog, TableIdentifier } from "../catalog.ts";
import { noAuth, type RestAuth } from "./auth/auth.ts";
import { restApi, type RestApi } from "./rest-api.ts";
import { fetchConfig } from "./rest-config.ts";
import * as namespaces from "./rest-namespaces.ts";
import * as tables from "./rest-tables.ts";
import { transport, type TransportOptions } from "./transport.ts";

export { bearerAuth, noAuth, type RestAuth, type RestRequest } from "./auth/auth.ts";
export { oauth2Auth, type OAuth2Options } from "./auth/oauth2.ts";
export { sigV4Auth, type AwsCredentials, type SigV4Options } from "./auth/sigv4.ts";

export interface RestCatalogOptions extends Omit<TransportOptions, "auth"> {
  /** For messages only; default the host of `uri`. */
  readonly name?: string;
  /** Address without `/v1`, e.g. `https://glue.eu-central-1.amazonaws.com/iceberg`. */
  readonly uri: string;
  /** The catalog to open: an account id for Glue, a table bucket's ARN for S3 Tables, a name elsewhere. */
  readonly warehouse?: string;
  /** Default none. */
  readonly auth?: RestAuth;
  /** Overrides what the service proposes (`prefix` …). */
  readonly properties?: Readonly<Record<string, string>>;
  /** Where new tables go: below the lakehouse's warehouse (default), or where the service says (S3 Tables allows only that). */
  readonly tableLocation?: "lakehouse" | "service";
  /** Entries asked for per page of a listing. Default 100. */
  readonly pageSize?: number;
  /** See {@link ServiceCatalog.runAfterCommit}. */
  readonly runAfterCommit?: ServiceCatalog["runAfterCommit"];
}

/** A REST catalog, with what the protocol offers beyond the catalog port. */
export interface RestCatalog extends ServiceCatalog {
  /** Merged configuration of the service, asked for once. */
  properties(): Promise<Readonly<Record<string, string>>>;
  tableExists(id: TableIdentifier): Promise<boolean>;
  namespaceExists(namespace: string): Promise<boolean>;
  /** `namespace-not-found` when there is none. */
  loadNamespace(namespace: string): Promise<Record<string, string>>;
  /** Sets properties; null removes one. */
  updateNamespace(namespace: string, properties: Readonly<Record<string, string | null>>): Promise<void>;
  /** True when there was one; `invalid-input` while it has tables. */
  dropNamespace(namespace: string): Promise<boolean>;
}

const REGISTER = "POST /v1/{prefix}/namespaces/{namespace}/register";

/**
 * A client of the Apache Iceberg REST catalog protocol, in the subset that AWS Glue's Iceberg endpoint and S3 Tables
 * offer. Nothing is asked before the first use. Secrets live in `auth` and in the tables' `config`, never in messages.
 */
export function restCatalog(options: RestCatalogOptions): RestCatalog {
  const name = options.name ?? new URL(options.uri).host;
  const http = transport({ ...options, auth: options.auth ?? noAuth() });
  let opened: Promise<RestApi> | undefined;
  const open = async (): Promise<RestApi> => {
    opened ??= fetchConfig(http.send, name, options.uri, options.warehouse, options.properties ?? {}).then((config) =>
      restApi(name, config, http, options.pageSize ?? 100),
    );
    try {
      return await opened;
    } catch (error) {
      opened = undefined; // asked again by the next call
      throw error;
    }
  };
  const known = new Set<string>();
  const ensureNamespace = async (api: RestApi, namespace: string): Promise<void> => {
    if (known.has(namespace)) return;
    if (!(await namespaces.namespaceExists(api, namespace))) await namespaces.createNamespace(api, namespace, {});
    known.add(namespace);
  };

  return {
    kind: "service",
    transactional: false,
    runAfterCommit: options.runAfterCommit,
    name,
    properties: async () => (await open()).config().properties,
    load: async (id) => tables.loadTable(await open(), id),
    currentMetadata: async (id) => (await tables.loadTable(await open(), id))?.metadataLocation ?? null,
    tableExists: async (id) => tables.tableExists(await open(), id),
    create: async (id, table) => {
      const api = await open();
      await ensureNamespace(api, id.namespace);
      return tables.createTable(api, id, table, options.tableLocation !== "service");
    },
    commit: async (id, change) => tables.commitTable(await open(), id, change),
    register: async (id, metadataLocation) => {
      const api = await open();
      if (!api.config().offers(REGISTER, true))
        throw new IcebergError("unsupported-feature", `catalog ${name} offers no registering of existing tables`, {});
      await ensureNamespace(api, id.namespace);
      await tables.registerTable(api, id, metadataLocation);
    },
    unregister: async (id, { purge = false } = {}) => tables.dropTable(await open(), id, purge),
    listTables: async (namespace) => {
      const api = await open();
      if (namespace !== undefined) return namespaces.listTables(api, namespace);
      const all: TableIdentifier[] = [];
      for (const each of await namespaces.listNamespaces(api)) all.push(...(await namespaces.listTables(api, each)));
      return all;
    },
    createNamespace: async (namespace, properties = {}) =>
      namespaces.createNamespace(await open(), namespace, properties),
    listNamespaces: async () => namespaces.listNamespaces(await open()),
    namespaceExists: async (namespace) => namespaces.namespaceExists(await open(), namespace),
    loadNamespace: async (namespace) => namespaces.loadNamespace(await open(), namespace),
    updateNamespace: async (namespace, properties) => namespaces.updateNamespace(await open(), namespace, properties),
    dropNamespace: async (namespace) => {
      known.delete(namespace);
      return namespaces.dropNamespace(await open(), namespace);
    },
  };
}
