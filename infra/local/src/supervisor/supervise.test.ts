import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isAlive, waitUntilGone } from "./processes.ts";
import { readRunFile, type RunFile } from "./run-file.ts";

const MAIN = fileURLToPath(new URL("./testing/tiny-platform-main.ts", import.meta.url));
const FIRST_PORT = 55_200;
const DEADLINE_MS = 60_000;

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

describe("a supervised platform", { timeout: 3 * DEADLINE_MS }, () => {
  let dataDir: string;
  const started: Started[] = [];

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), "nova-supervisor-"));
    // PostgreSQL's own user must be able to enter when the test runs as root.
    await chmod(dataDir, 0o755);
  });

  afterAll(async () => {
    for (const { child, ended } of started) {
      child.kill("SIGTERM");
      await ended;
    }
    await rm(dataDir, { recursive: true, force: true });
  });

  const start = (folder = dataDir): Started => {
    const child = spawn(process.execPath, [MAIN, folder, String(FIRST_PORT)], {
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const chunks: string[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk));
    const running = {
      child,
      output: () => chunks.join(""),
      ended: new Promise<number | null>((resolve) => child.once("exit", resolve)),
    };
    started.push(running);
    return running;
  };

  const until = async <T>(what: string, look: () => Promise<T | undefined> | T | undefined): Promise<T> => {
    const deadline = performance.now() + DEADLINE_MS;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (performance.now() > deadline) throw new Error(`${what} did not happen; output:\n${started.at(-1)?.output()}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };

  const untilReady = (supervisor: Started): Promise<RunFile> =>
    until("ready", async () => {
      const run = await readRunFile(dataDir);
      return run?.ready && run.pid === supervisor.child.pid && run.parts.every((part) => part.state === "ready")
        ? run
        : undefined;
    });

  const pidsOf = (run: RunFile): number[] => run.parts.flatMap((part) => part.pid ?? []);
  const childOfStubborn = (supervisor: Started): number => Number(/child (\d+)/.exec(supervisor.output())?.[1]);

  it("starts, says so in run.json, restarts what dies and refuses a second start", async () => {
    const supervisor = start();
    const run = await untilReady(supervisor);
    expect(run.parts.map((part) => part.name)).toEqual(["postgres", "polite", "stubborn"]);

    const client = new pg.Client({ connectionString: run.urls.metadataDb });
    await client.connect();
    const { rows } = await client.query("SHOW wal_level");
    await client.end();
    expect(rows).toEqual([{ wal_level: "logical" }]);
    expect((await stat(join(dataDir, "secrets.json"))).mode & 0o777).toBe(0o600);

    const second = start();
    expect(await second.ended).toBe(1);
    expect(second.output()).toContain(
      `already runs on ${dataDir} (pid ${supervisor.child.pid}): open ${run.urls.portal}`,
    );

    const polite = run.parts.find((part) => part.name === "polite")?.pid ?? 0;
    process.kill(polite, "SIGKILL");
    const again = await until("a restart", async () => {
      const part = (await readRunFile(dataDir))?.parts.find((each) => each.name === "polite");
      return part?.state === "ready" && part.pid !== polite ? part : undefined;
    });
    expect(again.pid).not.toBe(polite);
  });

  it("leaves no process behind after SIGTERM, not even a stubborn part's child, and stops in order", async () => {
    const supervisor = started[0]!;
    const run = await untilReady(supervisor);
    const pids = [...pidsOf(run), childOfStubborn(supervisor)];
    expect(await Promise.all(pids.map(isAlive))).toEqual(pids.map(() => true));

    supervisor.child.kill("SIGTERM");
    expect(await supervisor.ended).toBe(0);
    expect(await Promise.all(pids.map(isAlive))).toEqual(pids.map(() => false));
    expect(await readRunFile(dataDir)).toBeUndefined();
    const said = supervisor.output();
    expect(said.indexOf("stubborn    | did not stop")).toBeGreaterThan(said.indexOf("not listening"));
    expect(said.indexOf("draining")).toBeGreaterThan(said.indexOf("did not stop"));
    expect(said.indexOf("database system is shut down")).toBeGreaterThan(said.indexOf("draining"));
  });

  it("recovers from its own kill -9: the left-behind server is stopped and the data is kept", async () => {
    const crashed = start();
    const before = await untilReady(crashed);
    crashed.child.kill("SIGKILL");
    await crashed.ended;
    const polite = before.parts.find((part) => part.name === "polite")?.pid ?? 0;
    expect(await waitUntilGone(polite, DEADLINE_MS)).toBe(true);

    const next = start();
    const after = await untilReady(next);
    for (const pid of pidsOf(before)) expect(await isAlive(pid)).toBe(false);
    next.child.kill("SIGINT");
    expect(await next.ended).toBe(0);
    for (const pid of pidsOf(after)) expect(await isAlive(pid)).toBe(false);
  });

  it("refuses a data folder that holds somebody else's files", async () => {
    const foreign = await mkdtemp(join(tmpdir(), "nova-foreign-"));
    await writeFile(join(foreign, "thesis.doc"), "ten years of work");
    const refused = start(foreign);
    expect(await refused.ended).toBe(1);
    expect(refused.output()).toContain("holds other files than NovaRetail's");
    await rm(foreign, { recursive: true });
  });
});
