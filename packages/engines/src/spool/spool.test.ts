import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { committedSegment, openSpool, segmentEndPosition, type Spool, type SpoolOptions } from "./spool.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "nova-spool-"));
});
afterEach(async () => {
  await rm(dir, { recursive: true, force: true });
});

const clock = { now: () => new Date("2026-11-23T09:00:00Z") };
const open = (options: Partial<SpoolOptions> = {}): Promise<Spool> =>
  openSpool({ dir, after: 0, maxBytes: 1_000_000, segmentBytes: 500_000, gatherMillis: 1, clock, ...options });

const append = (spool: Spool, batchId: string, lines: readonly string[]): Promise<void> =>
  spool.append({
    batchId,
    rows: lines.length,
    render: (position) =>
      Buffer.from(lines.map((line, index) => `${JSON.stringify({ line, position: position(index) })}\n`).join("")),
  });

async function linesOf(spool: Spool): Promise<{ line: string; position: string }[]> {
  const texts = await Promise.all((await spool.seal()).map((segment) => readFile(segment.file, "utf8")));
  return texts
    .join("")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as { line: string; position: string });
}

describe("the spool", () => {
  test("gives back what was appended, in order, each line at a place of its own", async () => {
    const spool = await open();
    await Promise.all(["a", "b", "c"].map((id) => append(spool, id, [`${id}1`, `${id}2`])));
    const lines = await linesOf(spool);
    expect(lines.map(({ line }) => line)).toEqual(["a1", "a2", "b1", "b2", "c1", "c2"]);
    expect(lines.map(({ position }) => position)).toEqual(lines.map(({ position }) => position).toSorted());
    expect(new Set(lines.map(({ position }) => position)).size).toBe(6);
    const [segment] = await spool.seal();
    expect(segment).toMatchObject({ rows: 6, batchIds: ["a", "b", "c"], lastAt: clock.now() });
    expect(lines.every(({ position }) => position <= segmentEndPosition(segment!.number))).toBe(true);
  });

  test("keeps what was acknowledged over a restart, and forgets what was committed", async () => {
    const first = await open();
    await append(first, "one", ["1"]);
    const [sealed] = await first.seal();
    await append(first, "two", ["2"]);
    // No close: the process died.
    const second = await open({ after: committedSegment(segmentEndPosition(sealed!.number)) });
    expect(second.recoveredBatchIds).toEqual(["two"]);
    await append(second, "three", ["3"]);
    const lines = await linesOf(second);
    expect(lines.map(({ line }) => line)).toEqual(["2", "3"]);
    expect(lines[0]!.position < lines[1]!.position).toBe(true);
    await second.remove((await second.seal()).at(-1)!.number);
    expect(await readdir(dir)).toEqual([]);
    expect(second.waitingBytes).toBe(0);
  });

  test("numbers never come back, even when the folder was wiped", async () => {
    const spool = await open({ after: 41 });
    await append(spool, "x", ["1"]);
    expect((await spool.seal()).map((segment) => segment.number)).toEqual([42]);
  });

  describe("cuts a torn tail at the last whole batch", () => {
    const prepare = async (): Promise<{ data: string; index: string; dataBytes: number; indexBytes: number }> => {
      const spool = await open();
      await append(spool, "whole", ["kept"]);
      const data = join(dir, "segment-000000000001.ndjson");
      const index = join(dir, "segment-000000000001.index");
      const sizes = { dataBytes: (await readFile(data)).length, indexBytes: (await readFile(index)).length };
      await append(spool, "last", ["torn"]);
      return { data, index, ...sizes };
    };
    const recovered = async (): Promise<{ lines: string[]; ids: readonly string[] }> => {
      const spool = await open();
      return { lines: (await linesOf(spool)).map(({ line }) => line), ids: spool.recoveredBatchIds };
    };

    test("when the data ends early", async () => {
      const { data, dataBytes } = await prepare();
      await truncate(data, dataBytes + 5);
      expect(await recovered()).toEqual({ lines: ["kept"], ids: ["whole"] });
    });
    test("when the index ends early", async () => {
      const { index, indexBytes } = await prepare();
      await truncate(index, indexBytes + 5);
      expect(await recovered()).toEqual({ lines: ["kept"], ids: ["whole"] });
    });
    test("when bytes on disk are not those that were written", async () => {
      const { data, dataBytes } = await prepare();
      const bytes = await readFile(data);
      bytes[dataBytes + 3] = 0;
      await writeFile(data, bytes);
      expect(await recovered()).toEqual({ lines: ["kept"], ids: ["whole"] });
    });
    test("when there is data without any index entry", async () => {
      const { data } = await prepare();
      await appendFile(data, '{"line":"never acknowledged"');
      expect(await recovered()).toEqual({ lines: ["kept", "torn"], ids: ["whole", "last"] });
    });
  });

  test("refuses when it is full, and takes again once something was committed", async () => {
    const spool = await open({ maxBytes: 100 });
    await append(spool, "big", ["x".repeat(200)]);
    await expect(append(spool, "more", ["y"])).rejects.toMatchObject({ kind: "overloaded" });
    await spool.remove((await spool.seal()).at(-1)!.number);
    await append(spool, "more", ["y"]);
    expect((await linesOf(spool)).map(({ line }) => line)).toEqual(["y"]);
  });

  test("starts a new segment at its size limit, and seals all of them", async () => {
    const spool = await open({ segmentBytes: 100 });
    for (let index = 0; index < 10; index += 1) await append(spool, `b${index}`, ["x".repeat(60)]);
    const segments = await spool.seal();
    expect(segments.length).toBeGreaterThan(3);
    expect(segments.flatMap((segment) => segment.batchIds)).toEqual(
      Array.from({ length: 10 }, (_, index) => `b${index}`),
    );
  });

  test("seals while appends keep coming, without waiting for them to end", async () => {
    const spool = await open();
    let going = true;
    let acknowledged = 0;
    const senders = Array.from({ length: 20 }, async (_, sender) => {
      for (let index = 0; going; index += 1) {
        await append(spool, `${sender}-${index}`, [`${sender}-${index}`]);
        acknowledged += 1;
      }
    });
    const seen: string[] = [];
    for (let round = 0; round < 5; round += 1) {
      const segments = await spool.seal();
      for (const segment of segments) seen.push(...segment.batchIds);
      await spool.remove(segments.at(-1)?.number ?? 0);
    }
    going = false;
    await Promise.all(senders);
    for (const segment of await spool.seal()) seen.push(...segment.batchIds);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(acknowledged);
  });

  test("a write that fails is told to those who waited for it, and the next one works", async () => {
    const spool = await open();
    await rm(dir, { recursive: true });
    await expect(append(spool, "lost", ["1"])).rejects.toMatchObject({ kind: "storage-failed" });
    const again = await open();
    await append(again, "kept", ["2"]);
    expect((await linesOf(again)).map(({ line }) => line)).toEqual(["2"]);
  });
});

describe("whatever a power loss leaves of a segment", () => {
  const BATCHES = [
    ["a", "first"],
    ["b", "zweite é😀"],
    ["c", "third".repeat(9)],
  ] as const;
  const data = (): string => join(dir, "segment-000000000001.ndjson");
  const index = (): string => join(dir, "segment-000000000001.index");
  const written = async (): Promise<{ data: Buffer; index: Buffer; ends: number[] }> => {
    const spool = await open();
    const ends: number[] = [];
    for (const [id, line] of BATCHES) {
      await append(spool, id, [line]);
      ends.push((await readFile(data())).length);
    }
    await spool.close();
    return { data: await readFile(data()), index: await readFile(index()), ends };
  };
  /** Recovers what these two files hold, and takes one more batch behind it. */
  const recover = async (dataBytes: Buffer, indexBytes: Buffer) => {
    await rm(dir, { recursive: true });
    await mkdir(dir);
    await writeFile(data(), dataBytes);
    await writeFile(index(), indexBytes);
    const spool = await open();
    const damaged = spool.damaged.map((each) => each.batchId);
    await append(spool, "next", ["after"]);
    const lines = (await linesOf(spool)).map(({ line }) => line);
    return { ids: [...spool.recoveredBatchIds], lines, damaged };
  };
  const linesOfIds = (ids: readonly string[]): string[] => [
    ...BATCHES.filter(([id]) => ids.includes(id)).map(([, line]) => line),
    "after",
  ];

  test("cut at any byte of the data, the whole batches before it stay and the acknowledged rest is told", async () => {
    const full = await written();
    for (let at = 0; at < full.data.length; at += 1) {
      const kept = BATCHES.filter((_, number) => (full.ends[number] ?? 0) <= at).map(([id]) => id);
      const got = await recover(full.data.subarray(0, at), full.index);
      expect({ at, ...got }).toEqual({
        at,
        ids: kept,
        lines: linesOfIds(kept),
        damaged: BATCHES.map(([id]) => id).filter((id) => !kept.includes(id)),
      });
    }
  });

  test("cut at any byte of the index, what has its line stays and the rest was never acknowledged", async () => {
    const full = await written();
    for (let at = 0; at < full.index.length; at += 1) {
      const text = full.index.subarray(0, at).toString();
      const got = await recover(full.data, full.index.subarray(0, at));
      const lines = text.split("\n").filter((line) => line.endsWith("]"));
      const kept = BATCHES.slice(0, lines.length).map(([id]) => id);
      expect({ at, ...got }).toEqual({ at, ids: kept, lines: linesOfIds(kept), damaged: [] });
    }
  });

  test("with any byte changed, only its batch is lost, and told", async () => {
    const full = await written();
    for (let at = 0; at < full.data.length; at += 1) {
      const bytes = Buffer.from(full.data);
      bytes[at] = (bytes[at] ?? 0) ^ 0x15;
      const hit = full.ends.findIndex((end) => at < end);
      const kept = BATCHES.filter((_, number) => number !== hit).map(([id]) => id);
      const got = await recover(bytes, full.index);
      expect({ at, ...got }).toEqual({ at, ids: kept, lines: linesOfIds(kept), damaged: [BATCHES[hit]?.[0]] });
    }
    for (let at = 0; at < full.index.length; at += 1) {
      const bytes = Buffer.from(full.index);
      bytes[at] = (bytes[at] ?? 0) ^ 0x15;
      const { ids, lines, damaged } = await recover(full.data, bytes);
      expect(BATCHES.map(([id]) => id)).toEqual(expect.arrayContaining(ids));
      expect(lines).toEqual(linesOfIds(ids));
      expect(ids.length + damaged.length, `byte ${at}`).toBeGreaterThanOrEqual(BATCHES.length - 1);
    }
  });

  test("recovering twice says the same, and keeps the damaged bytes once", async () => {
    const full = await written();
    const bytes = Buffer.from(full.data);
    bytes[(full.ends[0] ?? 0) + 4] = 0;
    await writeFile(data(), bytes);
    const first = await open();
    const second = await open();
    expect(second.damaged).toEqual(first.damaged);
    expect([...second.recoveredBatchIds]).toEqual(["a", "c"]);
    expect(await readFile(`${data()}.damaged`)).toEqual(bytes);
  });

  test("an index without checksums of its lines, as older workers wrote it, is read", async () => {
    const full = await written();
    const old = full.index
      .toString()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => `${JSON.stringify((JSON.parse(line) as unknown[]).slice(0, 6))}\n`);
    expect((await recover(full.data, Buffer.from(old.join("")))).ids).toEqual(["a", "b", "c"]);
  });
});

test("a spool knows what waits in it and whose it is, until it is committed", async () => {
  const spool = await open();
  const append = (batchId: string, owner: string, bytes: number): Promise<void> =>
    spool.append({ batchId, owner, rows: 1, render: () => Buffer.from(`${"x".repeat(bytes - 1)}\n`) });
  await append("a", "cart", 10);
  await append("b", "checkout", 20);
  await append("c", "cart", 5);
  expect([...spool.holders]).toEqual([
    ["cart", 15],
    ["checkout", 20],
  ]);
  expect([spool.holds("a"), spool.holds("z")]).toEqual([true, false]);
  const [segment] = await spool.seal();
  await append("d", "cart", 7);
  await spool.close();
  await spool.remove(segment?.number ?? 0);
  expect([...spool.holders]).toEqual([["cart", 7]]);
  expect([spool.holds("a"), spool.holds("d")]).toEqual([false, true]);
  expect((await open({ after: segment?.number ?? 0 })).holds("d")).toBe(true);
});
