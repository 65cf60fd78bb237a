import { z } from "zod";
import { IcebergError } from "../../errors.ts";
import { asError, noAnswerError } from "./rest-errors.ts";
import type { Transport } from "./transport.ts";

const configSchema = z.object({
  defaults: z.record(z.string(), z.string()).default({}),
  overrides: z.record(z.string(), z.string()).default({}),
  endpoints: z.array(z.string()).nullish(),
});

/** What the service told about itself (`GET /v1/config`), merged with what the caller asked for. */
export interface RestConfig {
  /** `uri/v1/prefix`, without a slash at the end. */
  readonly base: string;
  readonly properties: Readonly<Record<string, string>>;
  /** Separates the levels of a namespace in addresses, already percent-encoded. */
  readonly separator: string;
  /** Whether the service lists an endpoint, e.g. `POST /v1/{prefix}/…`; `unlisted` is for services that list none. */
  readonly offers: (endpoint: string, unlisted: boolean) => boolean;
}

/** Asks the service for its configuration: defaults < the caller's properties < overrides. */
export async function fetchConfig(
  send: Transport["send"],
  catalog: string,
  uri: string,
  warehouse: string | undefined,
  own: Readonly<Record<string, string>>,
): Promise<RestConfig> {
  const about = { catalog, what: "reading its configuration", detail: { uri } };
  const root = uri.replace(/\/+$/, "").replace(/\/v1$/, "");
  const url = new URL(`${root}/v1/config`);
  if (warehouse !== undefined) url.searchParams.set("warehouse", warehouse);
  const answer = await send("GET", url).catch((error: unknown) => {
    throw noAnswerError(error, about, false);
  });
  if (answer.status !== 200) throw asError(answer, about);
  const parsed = configSchema.safeParse(jsonOf(answer.text));
  if (!parsed.success)
    throw new IcebergError(
      "catalog-failed",
      `catalog ${catalog}: ${url.href} does not answer like an Iceberg REST catalog; check the uri`,
      { uri },
      parsed.error,
    );
  const { defaults, overrides, endpoints } = parsed.data;
  const properties = { ...defaults, ...own, ...overrides };
  // A prefix comes ready for an address: Glue's has a slash in it, S3 Tables' is a percent-encoded ARN.
  const prefix = (properties["prefix"] ?? "").replace(/^\/+|\/+$/g, "");
  const at = (properties["uri"] ?? root).replace(/\/+$/, "").replace(/\/v1$/, "");
  const listed = endpoints && endpoints.length > 0 ? new Set(endpoints) : null;
  return {
    base: `${at}/v1${prefix === "" ? "" : `/${prefix}`}`,
    properties,
    separator: properties["namespace-separator"] ?? "%1F",
    offers: (endpoint, unlisted) => (listed === null ? unlisted : listed.has(endpoint)),
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
