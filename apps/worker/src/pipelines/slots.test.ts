import { describe, expect, it } from "vitest";
import { createLocks, createSlots } from "./slots.ts";

const at = (urgency: number) => () => urgency;

describe("slots", () => {
  it("tell who waits, next one first, and let go of one that is cancelled", async () => {
    const slots = createSlots(1);
    const first = Promise.withResolvers<void>();
    const running = slots.run(at(9), () => first.promise, { name: "staged.a" });
    const cancel = new AbortController();
    const done: string[] = [];
    const late = slots.run(at(1), async () => void done.push("late"), { name: "mart.late" });
    const soon = slots.run(at(2), async () => void done.push("soon"), { name: "curated.soon", signal: cancel.signal });
    expect(slots.waiting()).toEqual(["curated.soon", "mart.late"]);
    expect(slots.running()).toEqual(["staged.a"]);
    cancel.abort();
    await expect(soon).rejects.toMatchObject({ kind: "cancelled" });
    expect(slots.waiting()).toEqual(["mart.late"]);
    first.resolve();
    await Promise.all([running, late]);
    expect(done).toEqual(["late"]);
  });

  it("let the most urgent work go first, and equal pieces in the order they came", async () => {
    const slots = createSlots(1);
    const done: string[] = [];
    const first = Promise.withResolvers<void>();
    const running = slots.run(at(9), () => first.promise);
    const queued = (
      [
        ["maintenance", 0.1],
        ["staged.orders", 3],
        ["curated.orders", 2],
        ["staged.payments", 3],
        ["curated.customers", Number.POSITIVE_INFINITY],
        ["curated.products", Number.POSITIVE_INFINITY],
      ] as const
    ).map(([name, urgency]) => slots.run(at(urgency), async () => void done.push(name)));
    first.resolve();
    await Promise.all([running, ...queued]);
    expect(done).toEqual([
      "curated.customers",
      "curated.products",
      "staged.orders",
      "staged.payments",
      "curated.orders",
      "maintenance",
    ]);
  });

  it("ask how urgent work is when a slot gets free, not when it came", async () => {
    const slots = createSlots(1);
    const done: string[] = [];
    const first = Promise.withResolvers<void>();
    const age = { orders: 1, logs: 2 };
    const running = slots.run(at(9), () => first.promise);
    const orders = slots.run(
      () => age.orders,
      async () => void done.push("orders"),
    );
    const logs = slots.run(
      () => age.logs,
      async () => void done.push("logs"),
    );
    age.orders = 5;
    first.resolve();
    await Promise.all([running, orders, logs]);
    expect(done).toEqual(["orders", "logs"]);
  });

  it("go on after work that failed, and never run more at once than there are", async () => {
    const slots = createSlots(2);
    let running = 0;
    let most = 0;
    const work = (fails: boolean) =>
      slots.run(at(1), async () => {
        running += 1;
        most = Math.max(most, running);
        await Promise.resolve();
        running -= 1;
        if (fails) throw new Error("the step failed");
      });
    const results = await Promise.allSettled([work(true), work(true), work(false), work(false), work(true)]);
    expect(results.map((result) => result.status)).toEqual([
      "rejected",
      "rejected",
      "fulfilled",
      "fulfilled",
      "rejected",
    ]);
    expect(most).toBe(2);
  });
});

describe("slots that are resized", () => {
  it("begin with those that wait when there are more, and let those at it end when there are fewer", async () => {
    const slots = createSlots(1);
    const done: string[] = [];
    const ends = ["a", "b", "c", "d"].map((name) => ({ name, gate: Promise.withResolvers<void>() }));
    const [a, b, c, d] = ends.map(({ name, gate }) =>
      slots.run(at(1), () => gate.promise.then(() => void done.push(name)), { name }),
    );
    expect([slots.size, slots.running(), slots.waiting()]).toEqual([1, ["a"], ["b", "c", "d"]]);
    slots.resize(3);
    await expect.poll(() => slots.running()).toEqual(["a", "b", "c"]);
    slots.resize(1);
    expect([slots.size, slots.running(), slots.waiting()]).toEqual([1, ["a", "b", "c"], ["d"]]);
    ends[0]?.gate.resolve();
    ends[1]?.gate.resolve();
    await Promise.all([a, b]);
    expect([slots.running(), slots.waiting()]).toEqual([["c"], ["d"]]);
    ends[2]?.gate.resolve();
    await c;
    await expect.poll(() => slots.running()).toEqual(["d"]);
    ends[3]?.gate.resolve();
    await d;
    expect(done).toEqual(["a", "b", "c", "d"]);
  });
});

describe("locks", () => {
  it("keep work of one name in order and let other names pass", async () => {
    const exclusively = createLocks();
    const done: string[] = [];
    const first = Promise.withResolvers<void>();
    const a = exclusively("orders", async () => {
      await first.promise;
      done.push("orders 1");
    });
    const b = exclusively("orders", async () => void done.push("orders 2"));
    await exclusively("payments", async () => void done.push("payments"));
    first.resolve();
    await Promise.all([a, b]);
    expect(done).toEqual(["payments", "orders 1", "orders 2"]);
  });
});
