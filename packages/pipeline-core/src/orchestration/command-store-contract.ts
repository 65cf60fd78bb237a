import type { ExpectStatic, TestAPI } from "vitest";
import type { CommandRequest } from "./command.ts";
import type { CommandStore } from "./ports.ts";

/** Fresh and empty for every test. */
export interface CommandStoreFixture {
  readonly commands: CommandStore;
  /** A newer worker takes the lease; returns its epoch. */
  newEpoch: () => Promise<bigint>;
  /** `actor action resource` of each audit entry, oldest first. */
  audit: () => Promise<readonly string[]>;
  /** Times that the worker was told of a command. */
  told: () => number;
}

const RUN: CommandRequest = { kind: "run-dataset", target: "curated.orders", downstream: true };
const PAUSE: CommandRequest = { kind: "pause-pipeline", target: "sales" };
const DEV = "dev@nova.example";
const DONE = { state: "done", message: "run 1 began", runId: "019a0000-0000-7000-8000-000000000001" } as const;

export function commandStoreContract(
  { test, expect }: { test: TestAPI; expect: ExpectStatic },
  make: () => Promise<CommandStoreFixture>,
): void {
  test("a command is on record with its audit entry, and the worker is told", async () => {
    const { commands, audit, told } = await make();
    const { command, created } = await commands.request(RUN, { actor: DEV, key: "k1" });
    expect(created).toBe(true);
    expect(command).toMatchObject({
      request: RUN,
      requestedBy: DEV,
      key: "k1",
      state: "queued",
      message: "",
      runId: null,
    });
    expect(await commands.find(command.id)).toEqual(command);
    expect(await audit()).toEqual([`${DEV} run-dataset curated.orders`]);
    await expect.poll(told).toBe(1);
  });

  test("pressing twice is one command: by its key, and while the same is asked for", async () => {
    const { commands, audit, newEpoch } = await make();
    const first = await commands.request(RUN, { actor: DEV, key: "k1" });
    const again = await commands.request(RUN, { actor: DEV, key: "k1" });
    const other = await commands.request(RUN, { actor: "petra@nova.example", key: "k2" });
    expect([again.command.id, other.command.id]).toEqual([first.command.id, first.command.id]);
    expect([again.created, other.created]).toEqual([false, false]);
    expect(await audit()).toHaveLength(1);
    const epoch = await newEpoch();
    await commands.take(epoch);
    await commands.settle(first.command.id, epoch, DONE);
    expect((await commands.request(RUN, { actor: DEV, key: "k1" })).command).toMatchObject({
      id: first.command.id,
      state: "done",
    });
    expect((await commands.request(RUN, { actor: DEV, key: "k3" })).created).toBe(true);
  });

  test("two at the very same time are one command", async () => {
    const { commands, audit } = await make();
    const both = await Promise.all([
      commands.request(PAUSE, { actor: DEV, key: "a" }),
      commands.request(PAUSE, { actor: "petra@nova.example", key: "b" }),
    ]);
    expect(both[0].command.id).toBe(both[1].command.id);
    expect(both.filter((one) => one.created)).toHaveLength(1);
    expect(await audit()).toHaveLength(1);
  });

  test("a key asks for one thing only", async () => {
    const { commands } = await make();
    await commands.request(RUN, { actor: DEV, key: "k1" });
    await expect(commands.request(PAUSE, { actor: DEV, key: "k1" })).rejects.toMatchObject({ kind: "conflict" });
  });

  test("commands are taken once, oldest first, and settled with what became of them", async () => {
    const { commands, newEpoch } = await make();
    const epoch = await newEpoch();
    expect(await commands.take(epoch)).toBeNull();
    const { command: run } = await commands.request(RUN, { actor: DEV, key: "k1" });
    const { command: pause } = await commands.request(PAUSE, { actor: DEV, key: "k2" });
    expect(await commands.take(epoch)).toMatchObject({ id: run.id, state: "taken" });
    expect(await commands.take(epoch)).toMatchObject({ id: pause.id, state: "taken" });
    expect(await commands.take(epoch)).toBeNull();
    await commands.settle(run.id, epoch, DONE);
    await commands.settle(pause.id, epoch, { state: "refused", message: "there is no such pipeline", runId: null });
    expect(await commands.find(run.id)).toMatchObject(DONE);
    expect(await commands.find(pause.id)).toMatchObject({ state: "refused", message: "there is no such pipeline" });
    await expect(commands.settle(run.id, epoch, DONE)).rejects.toMatchObject({ kind: "stale-writer" });
  });

  test("a newer worker takes over what an older one did not settle, and the older one can do nothing more", async () => {
    const { commands, newEpoch } = await make();
    const { command } = await commands.request(RUN, { actor: DEV, key: "k1" });
    const old = await newEpoch();
    await commands.take(old);
    const epoch = await newEpoch();
    await expect(commands.take(old)).rejects.toMatchObject({ kind: "stale-writer" });
    await expect(commands.settle(command.id, old, DONE)).rejects.toMatchObject({ kind: "stale-writer" });
    expect(await commands.take(epoch)).toMatchObject({ id: command.id, state: "taken" });
    await commands.settle(command.id, epoch, DONE);
    expect(await commands.find(command.id)).toMatchObject({ state: "done" });
  });
}
