import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { storageContract } from "../storage-contract.ts";
import { s3OptionsFrom, s3Storage, type S3Storage, type S3StorageOptions } from "./index.ts";
import { startS3Server, type S3Server } from "./testing/s3-server.ts";

const credentials = { accessKeyId: "test-key", secretAccessKey: "test-secret" };

storageContract("S3", async () => {
  const server = await startS3Server({ buckets: ["lake"] });
  const storage = s3Storage({
    root: "s3://lake/warehouse",
    region: "eu-central-1",
    endpoint: server.endpoint,
    credentials,
  });
  return {
    storage,
    prefix: "s3a://lake/warehouse/part",
    outside: "s3://lake/other/file",
    close: async () => {
      await storage.close();
      await server.close();
    },
  };
});

let server: S3Server;
let scratchFolder: string;
let opened: S3Storage[];
const open = (options: Partial<S3StorageOptions> = {}): S3Storage => {
  const storage = s3Storage({
    root: "s3://lake/w",
    region: "eu-central-1",
    endpoint: server.endpoint,
    credentials,
    scratchFolder,
    multipartAbove: 1000,
    partBytes: 400,
    maxAttempts: 3,
    ...options,
  });
  opened.push(storage);
  return storage;
};
beforeEach(async () => {
  server = await startS3Server({ buckets: ["lake"] });
  scratchFolder = await mkdtemp(join(tmpdir(), "iceberg-s3-test-"));
  opened = [];
});
afterEach(async () => {
  for (const storage of opened) await storage.close();
  await server.close();
  await rm(scratchFolder, { recursive: true, force: true });
});
const isPut = (line: string): boolean => line.startsWith("PUT ");
const big = Buffer.alloc(2500, "abc");

test.each([
  ["one request", Buffer.from("small"), isPut],
  ["parts", big, (line: string) => line.startsWith("POST ") && line.endsWith("?uploadId")],
])("a write in %s whose answer was lost is no write of somebody else's", async (_name, bytes, matches) => {
  server.fail(matches, { kind: "lost-answer" });
  const storage = open();
  await storage.create("s3://lake/w/a", bytes);
  expect(await storage.read("s3://lake/w/a")).toEqual(bytes);
  await expect(storage.create("s3://lake/w/a", bytes)).rejects.toMatchObject({ kind: "file-exists" });
});

test("when every answer of a write is lost it is still known to have happened", async () => {
  for (let n = 0; n < 3; n += 1) server.fail(isPut, { kind: "lost-answer" });
  await open().create("s3://lake/w/a", Buffer.from("1"));
  expect(server.objects.get("lake/w/a")?.bytes.toString()).toBe("1");
});

test("a write that meets trouble is tried again, and not for ever", async () => {
  const storage = open();
  server.fail(isPut, { kind: "error", status: 503, code: "SlowDown" });
  server.fail(isPut, { kind: "reset" });
  await storage.create("s3://lake/w/a", Buffer.from("1"));
  for (let n = 0; n < 3; n += 1) server.fail(isPut, { kind: "error", status: 503, code: "SlowDown" });
  const before = server.seen.filter(isPut).length;
  await expect(storage.create("s3://lake/w/b", Buffer.from("1"))).rejects.toMatchObject({ kind: "throttled" });
  expect(server.seen.filter(isPut)).toHaveLength(before + 3);
  server.fail(isPut, { kind: "error", status: 409, code: "ConditionalRequestConflict" });
  await storage.create("s3://lake/w/c", Buffer.from("1"));
});

test("an upload in parts that fails leaves nothing behind", async () => {
  const isPart = (line: string): boolean => line.startsWith("PUT ") && line.endsWith("?uploadId");
  server.fail(isPart, { kind: "error", status: 403, code: "AccessDenied" });
  await expect(open().create("s3://lake/w/a", big)).rejects.toMatchObject({ kind: "access-denied" });
  expect(server.uploads.size).toBe(0);
  expect(server.objects.size).toBe(0);
});

test("what is wrong is told apart, without credentials in any message", async () => {
  await expect(open({ root: "s3://nobody/w" }).read("s3://nobody/w/a")).rejects.toMatchObject({
    kind: "storage-failed",
    message: expect.stringContaining("no such bucket"),
  });
  server.fail(() => true, { kind: "error", status: 403, code: "AccessDenied" });
  const denied = await open()
    .read("s3://lake/w/a")
    .catch((error: unknown) => error as Error);
  expect(denied).toMatchObject({ kind: "access-denied", message: expect.stringContaining("permission") });
  expect(String(denied)).not.toContain("test-");
  for (const location of ["/etc/passwd", "s3://lake/w/../x", "s3://lake/w2/x", "s3://lake", "https://lake/w/x"])
    await expect(open().read(location)).rejects.toMatchObject({ kind: "path-outside-storage" });
});

test("s3a and s3n are the same place, and stray slashes say nothing", async () => {
  const storage = open();
  for (const location of ["s3a://lake/w/a/b", "s3n://lake//w//a/b", "s3://lake/w/a/b/"])
    expect(storage.normalise(location)).toBe("s3://lake/w/a/b");
});

test("deletes asked for together go out in one request, and a missing object is no error", async () => {
  const storage = open();
  const names = Array.from({ length: 9 }, (_, n) => `s3://lake/w/${n} ü&<x>`);
  await Promise.all(names.map(async (name) => storage.create(name, Buffer.from("x"))));
  await Promise.all([...names, "s3://lake/w/never"].map(async (name) => storage.delete(name)));
  expect(server.objects.size).toBe(0);
  expect(server.seen.filter((line) => line.endsWith("?delete"))).toHaveLength(1);
});

test("a file the engine wrote goes up once, and a repeated sync is no conflict", async () => {
  const storage = open();
  await storage.prepareFolder("s3://lake/w/data");
  await writeFile(storage.enginePath("s3://lake/w/data/f"), big);
  server.fail((line) => line.startsWith("POST ") && line.endsWith("?uploadId"), { kind: "lost-answer" });
  await storage.sync("s3://lake/w/data/f");
  await storage.sync("s3://lake/w/data/f");
  expect(server.objects.get("lake/w/data/f")?.bytes).toEqual(big);
  await expect(storage.sync("s3://lake/w/data/none")).rejects.toMatchObject({ kind: "file-missing" });
});

test("copies for the engine are bounded, shared, and never evicted while a query holds them", async () => {
  let now = 0;
  const storage = open({ scratchBytes: 2000, leaseMs: 1000, clock: () => now });
  const at = (n: number): string => `s3://lake/w/data/${n}`;
  for (let n = 0; n < 4; n += 1) await storage.create(at(n), Buffer.alloc(900, String(n)));
  const gets = (): number => server.seen.filter((line) => line.startsWith("GET /lake/w/data/")).length;
  const [first, again] = await Promise.all([storage.ensureLocal([at(0), at(0)]), storage.ensureLocal([at(0)])]);
  expect(gets()).toBe(1);
  first.release();
  first.release();
  await storage.ensureLocal([at(1)]);
  await expect(storage.ensureLocal([at(2)])).rejects.toMatchObject({
    message: expect.stringContaining("scratchBytes"),
  });
  expect(await readFile(storage.enginePath(at(0)), "utf8")).toBe("0".repeat(900));
  again.release();
  (await storage.ensureLocal([at(2)])).release();
  await expect(readFile(storage.enginePath(at(0)))).rejects.toMatchObject({ code: "ENOENT" });
  expect(await readFile(storage.enginePath(at(1)), "utf8")).toBe("1".repeat(900));
  now = 1001; // nobody released number 1: its lease has ended
  await storage.ensureLocal([at(0), at(3)]);
  expect(storage.scratchBytes()).toBe(1800);
  await expect(storage.ensureLocal([at(9)])).rejects.toMatchObject({ kind: "file-missing" });
});

test("a folder that a dead process left is removed at the next start", async () => {
  await mkdir(join(scratchFolder, "iceberg-s3-999999999-abc"), { recursive: true });
  await mkdir(join(scratchFolder, `iceberg-s3-${process.pid}-mine`), { recursive: true });
  open();
  const left = await readdir(scratchFolder);
  expect(left.some((name) => name.includes("999999999"))).toBe(false);
  expect(left).toContain(`iceberg-s3-${process.pid}-mine`);
});

test("what a catalog says about its files opens them", async () => {
  const told = s3OptionsFrom({
    "s3.endpoint": server.endpoint,
    "client.region": "eu-central-1",
    "s3.access-key-id": "vended",
    "s3.secret-access-key": "vended-secret",
    "s3.session-token": "session",
    "s3.path-style-access": "true",
  });
  expect(told).toMatchObject({ pathStyle: true, credentials: { sessionToken: "session" } });
  await open(told).create("s3://lake/w/a", Buffer.from("1"));
  expect(server.objects.has("lake/w/a")).toBe(true);
  expect(s3OptionsFrom({})).toEqual({});
});

test("the package's main door, its folder storage and its JDBC catalog do not load the AWS SDK", () => {
  const doors = [
    "../../index.ts",
    "../folder/index.ts",
    "../../catalogs/jdbc/index.ts",
    "../../catalogs/memory/index.ts",
  ];
  const script = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    for (const door of ${JSON.stringify(doors.map((door) => new URL(door, import.meta.url).href))}) await import(door);
    console.log(JSON.stringify({ all: loaded.length, aws: loaded.filter((url) => /@aws-sdk|@smithy/.test(url)) }));
  `;
  const printed = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  const { all, aws } = JSON.parse(printed) as { all: number; aws: string[] };
  expect(all).toBeGreaterThan(50);
  expect(aws).toEqual([]);
});
