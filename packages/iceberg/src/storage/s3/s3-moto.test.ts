import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { describe } from "vitest";
import { storageContract } from "../storage-contract.ts";
import { s3Storage } from "./index.ts";

/** moto is a second S3, written by others: the contract runs on it where `python3` can import it. */
const missing = ((): string | null => {
  try {
    execFileSync("python3", ["-c", "import moto.server, flask"], { stdio: "pipe" });
    return null;
  } catch {
    return 'python3 cannot import moto; pip install "moto[server,s3]" and put that python3 on PATH';
  }
})();

/**
 * moto looks for the key and then writes it, which two of its threads may do at once: both would win a conditional put.
 * S3 does it as one step, so moto answers one request at a time here.
 */
const ONE_AT_A_TIME = `
import sys
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
run_simple("127.0.0.1", int(sys.argv[1]), DomainDispatcherApplication(create_backend_app), threaded=False)
`;

const credentials = { accessKeyId: "test", secretAccessKey: "test" };

describe.skipIf(missing !== null)(`moto's S3${missing === null ? "" : ` (skipped: ${missing})`}`, () => {
  storageContract("S3 as moto has it", async () => {
    const port = await freePort();
    const server = spawn("python3", ["-c", ONE_AT_A_TIME, String(port)], { stdio: "ignore" });
    const endpoint = `http://127.0.0.1:${port}`;
    await ready(endpoint, server);
    const client = new S3Client({ region: "us-east-1", endpoint, forcePathStyle: true, credentials });
    await client.send(new CreateBucketCommand({ Bucket: "lake" }));
    client.destroy();
    // Everything above four bytes goes up in parts, so that both ways are taken.
    const storage = s3Storage({ root: "s3://lake/w", region: "us-east-1", endpoint, credentials, multipartAbove: 4 });
    return {
      storage,
      prefix: "s3://lake/w/part",
      outside: "s3://lake/elsewhere",
      close: async () => {
        await storage.close();
        server.kill();
      },
    };
  });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

async function ready(endpoint: string, server: ChildProcess): Promise<void> {
  for (const until = Date.now() + 60_000; ;) {
    const answer = await fetch(endpoint).catch(() => null);
    if (answer) return;
    if (server.exitCode !== null || Date.now() > until) throw new Error("moto did not start");
    await sleep(200);
  }
}
