import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { restCatalog } from "./index.ts";

/**
 * Answers as AWS's two services give them, written down from the REST specification and their documentation: a prefix
 * with a slash (Glue) or a percent-encoded ARN (S3 Tables), errors of the gateway's own shape, endpoints listed.
 */
const METADATA =
  '{"format-version":2,"table-uuid":"9c12d441-03fe-4693-9a96-a0705ddf69c1","location":"s3://lake/sales/orders","last-sequence-number":1,"last-updated-ms":1602638573590,"last-column-id":1,"current-schema-id":0,"schemas":[{"type":"struct","schema-id":0,"fields":[{"id":1,"name":"x","required":true,"type":"long"}]}],"default-spec-id":0,"partition-specs":[{"spec-id":0,"fields":[]}],"last-partition-id":999,"default-sort-order-id":0,"sort-orders":[{"order-id":0,"fields":[]}],"properties":{},"current-snapshot-id":3055729675574597004,"refs":{"main":{"snapshot-id":3055729675574597004,"type":"branch"}},"snapshots":[{"snapshot-id":3055729675574597004,"timestamp-ms":1555100955770,"sequence-number":1,"summary":{"operation":"append"},"manifest-list":"s3://lake/sales/orders/metadata/1.avro","schema-id":0}],"snapshot-log":[],"metadata-log":[],"statistics":[],"partition-statistics":[]}';
const LOCATION = "s3://lake/sales/orders/metadata/00001-5f.metadata.json";
const LOADED = `{"metadata-location":"${LOCATION}","metadata":${METADATA},"config":{"s3.access-key-id":"ASIA","s3.session-token":"t"}}`;
const GLUE = "/v1/catalogs/123456789012/namespaces";
const ARN = "arn%3Aaws%3As3tables%3Aeu-central-1%3A123456789012%3Abucket%2Flake";
const EXCHANGES: Readonly<Record<string, readonly [status: number, body: string]>> = {
  "GET /iceberg/v1/config?warehouse=123456789012": [
    200,
    '{"defaults":{},"overrides":{"prefix":"catalogs/123456789012"},"endpoints":["GET /v1/{prefix}/namespaces","HEAD /v1/{prefix}/namespaces/{namespace}","POST /v1/{prefix}/namespaces/{namespace}/tables"]}',
  ],
  [`GET /iceberg${GLUE}?pageToken=&pageSize=2`]: [200, '{"namespaces":[["sales"],["ops"]],"next-page-token":"AAE="}'],
  [`GET /iceberg${GLUE}?pageToken=AAE%3D&pageSize=2`]: [200, '{"namespaces":[["hr"]]}'],
  [`GET /iceberg${GLUE}/sales/tables/orders`]: [200, LOADED],
  [`GET /iceberg${GLUE}/sales/tables/none`]: [
    404,
    '{"error":{"code":404,"message":"Cannot find metadata for table none","type":"EntityNotFoundException"}}',
  ],
  [`GET /iceberg${GLUE}/closed/tables/orders`]: [
    403,
    '{"__type":"com.amazonaws.glue#AccessDeniedException","Message":"Insufficient Lake Formation permission(s)"}',
  ],
  [`POST /iceberg${GLUE}/sales/tables/orders`]: [
    409,
    '{"error":{"code":409,"message":"Cannot commit: requirement failed","type":"CommitFailedException"}}',
  ],
  "GET /v1/config?warehouse=arn%3Aaws%3As3tables%3Aeu-central-1%3A123456789012%3Abucket%2Flake": [
    200,
    `{"defaults":{},"overrides":{"prefix":"${ARN}"}}`,
  ],
  [`DELETE /v1/${ARN}/namespaces/sales/tables/orders?purgeRequested=true`]: [204, ""],
  [`GET /v1/${ARN}/namespaces/sales`]: [200, '{"namespace":["sales"],"properties":null}'],
  [`POST /v1/${ARN}/namespaces/sales/tables`]: [200, LOADED],
};

const bodies: string[] = [];
const server = createServer((request: IncomingMessage, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    bodies.push(body);
    const known = EXCHANGES[`${request.method} ${request.url}`];
    // Parents with children are asked for as well; Glue knows one level.
    const [status, text] = known ?? (request.url?.includes("parent=") ? [200, '{"namespaces":[]}'] : [418, ""]);
    response.writeHead(status, { "content-type": "application/json" }).end(text);
  });
});
let uri: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  uri = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

test("Glue: its prefix, pages, tables, credentials and errors are understood", async () => {
  const catalog = restCatalog({ uri: `${uri}/iceberg`, warehouse: "123456789012", pageSize: 2 });
  expect(await catalog.listNamespaces()).toEqual(["hr", "ops", "sales"]);
  const id = { namespace: "sales", name: "orders" };
  const served = await catalog.load(id);
  expect(served?.metadataLocation).toBe(LOCATION);
  expect(served?.metadata["current-snapshot-id"]).toBe(3055729675574597004n);
  expect(served?.config).toMatchObject({ "s3.access-key-id": "ASIA" });
  expect(await catalog.load({ namespace: "sales", name: "none" })).toBeNull();
  await expect(catalog.load({ namespace: "closed", name: "orders" })).rejects.toMatchObject({
    kind: "access-denied",
    message: expect.stringContaining("Lake Formation"),
    detail: { type: "AccessDeniedException" },
  });
  const before = served!.metadata;
  const after = { ...before, properties: { owner: "data" } };
  expect(await catalog.commit(id, { before, after })).toBeNull();
  expect(JSON.parse(bodies.at(-1)!)).toMatchObject({
    identifier: { namespace: ["sales"], name: "orders" },
    updates: [{ action: "set-properties", updates: { owner: "data" } }],
  });
  await expect(catalog.register({ namespace: "sales", name: "new" }, LOCATION)).rejects.toMatchObject({
    kind: "unsupported-feature",
  });
});

test("S3 Tables: the ARN stays encoded, the service chooses the location and purges", async () => {
  const warehouse = "arn:aws:s3tables:eu-central-1:123456789012:bucket/lake";
  const catalog = restCatalog({ uri, warehouse, tableLocation: "service" });
  const id = { namespace: "sales", name: "orders" };
  const table = {
    location: "s3://never/sent",
    schemas: [{ type: "struct" as const, "schema-id": 0, fields: [] }],
    "partition-specs": [{ "spec-id": 0, fields: [] }],
    "sort-orders": [{ "order-id": 0, fields: [] }],
    properties: {},
  };
  expect((await catalog.create(id, table)).metadata.location).toBe("s3://lake/sales/orders");
  expect(bodies.at(-1)).not.toContain("never/sent");
  expect(await catalog.unregister(id, { purge: true })).toBe(true);
});
