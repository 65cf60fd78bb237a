import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { folderStorage } from "../../storage/folder/index.ts";
import { memoryCatalog } from "../memory/index.ts";
import { bearerAuth, oauth2Auth, restCatalog, sigV4Auth } from "./index.ts";
import { startRestFacade, type RestFacade } from "./testing/rest-facade.ts";
import type { FacadeOptions } from "./testing/facade-protocol.ts";
import { recomputeSignature } from "./testing/sigv4-check.ts";

let folder: string;
let facade: RestFacade | undefined;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "iceberg-auth-"))));
afterEach(async () => {
  await facade?.close();
  await rm(folder, { recursive: true, force: true });
});
const start = async (authorise: NonNullable<FacadeOptions["authorise"]>): Promise<string> => {
  facade = await startRestFacade({
    catalog: memoryCatalog(),
    storage: folderStorage(folder),
    warehouse: folder,
    prefix: "catalogs/123",
    authorise,
  });
  return facade.uri;
};

test("the check of signatures agrees with AWS's published vector get-vanilla", () => {
  const authorization =
    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
  const headers = { host: "example.amazonaws.com", "x-amz-date": "20150830T123600Z", authorization };
  const checked = recomputeSignature(
    { method: "GET", url: "/", headers },
    "",
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  );
  expect(checked?.expected).toBe(checked?.given);
});

test("every request is signed so that the service computes the same: levels, pages, bodies", async () => {
  const checked: boolean[] = [];
  const uri = await start((request, body) => {
    const signature = recomputeSignature(request, body, "secret");
    checked.push(signature !== null && signature.given === signature.expected);
    return checked.at(-1) && request.headers["x-amz-security-token"] === "session" ? null : 403;
  });
  const auth = sigV4Auth({
    region: "eu-central-1",
    service: "glue",
    credentials: async () => ({ accessKeyId: "AKID", secretAccessKey: "secret", sessionToken: "session" }),
  });
  const catalog = restCatalog({ uri, warehouse: "arn:aws:s3tables:x:1:bucket/a b", auth });
  await catalog.createNamespace("upper.lower", { note: "ü & more" });
  await catalog.updateNamespace("upper.lower", { note: null });
  expect(await catalog.listTables("upper.lower")).toEqual([]);
  expect(await catalog.listNamespaces()).toEqual(["upper", "upper.lower"]);
  expect(checked.length).toBeGreaterThan(5);
  expect(checked.every(Boolean)).toBe(true);
  const wrong = sigV4Auth({
    region: "eu-central-1",
    service: "glue",
    credentials: { accessKeyId: "AKID", secretAccessKey: "not-it", sessionToken: "session" },
  });
  const refused = await restCatalog({ uri, auth: wrong })
    .listNamespaces()
    .catch((error: unknown) => String(error));
  expect(refused).toContain("permission");
  expect(refused).not.toContain("not-it");
});

test("an OAuth2 token is shared, renewed before its end, and asked for anew once when it is refused", async () => {
  let issued = 0;
  let valid = "token-1";
  const issuer = createServer((request, response) => {
    request.resume().on("end", () => {
      issued += 1;
      response.end(JSON.stringify({ access_token: `token-${issued}`, expires_in: 600 }));
    });
  });
  await new Promise<void>((resolve) => issuer.listen(0, "127.0.0.1", resolve));
  try {
    const tokenUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/token`;
    const uri = await start((request) => (request.headers.authorization === `Bearer ${valid}` ? null : 401));
    let now = 0;
    const auth = oauth2Auth({ tokenUrl, clientId: "id", clientSecret: "secret", clock: () => now });
    const catalog = restCatalog({ uri, auth });
    await Promise.all([catalog.listNamespaces(), catalog.listNamespaces(), catalog.createNamespace("a")]);
    expect(issued).toBe(1);
    now = 541_000; // a minute before the end
    valid = "token-2";
    await catalog.listNamespaces();
    expect(issued).toBe(2);
    valid = "token-3"; // revoked before its time
    await catalog.listNamespaces();
    expect(issued).toBe(3);
    valid = "never";
    await expect(catalog.listNamespaces()).rejects.toMatchObject({ kind: "access-denied" });
    expect(issued).toBe(4);
  } finally {
    issuer.closeAllConnections();
    issuer.close();
  }
});

test("a token endpoint that gives no token is named, the secret is not", async () => {
  const uri = await start(() => null);
  const auth = oauth2Auth({ tokenUrl: `${uri}/no-token-here`, clientId: "id", clientSecret: "hush" });
  const refused = await restCatalog({ uri, auth })
    .listNamespaces()
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ kind: "access-denied", message: expect.stringContaining("clientSecret") });
  expect(String(refused)).not.toContain("hush");
});

test("a bearer token may be asked for before every request", async () => {
  let asked = 0;
  const uri = await start((request) => (request.headers.authorization === `Bearer t${asked}` ? null : 401));
  await restCatalog({ uri, auth: bearerAuth(async () => `t${(asked += 1)}`) }).listNamespaces();
  expect(asked).toBe(2);
});
