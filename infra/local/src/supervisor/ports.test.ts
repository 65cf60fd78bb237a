import { describe, expect, it } from "vitest";
import { choosePorts, USUAL_PORTS } from "./ports.ts";

const taken =
  (...ports: number[]) =>
  (port: number) =>
    Promise.resolve(!ports.includes(port));

describe("choosing ports", () => {
  it("takes the usual ones when they are free", async () => {
    expect(await choosePorts(USUAL_PORTS, taken())).toEqual({ ports: USUAL_PORTS, moved: [] });
  });

  it("moves on to the next free one and says which moved", async () => {
    const { ports, moved } = await choosePorts(USUAL_PORTS, taken(3000, 3001, 5433));
    expect(ports).toEqual({ ...USUAL_PORTS, portal: 3002, postgres: 5434 });
    expect(moved).toEqual(["portal", "postgres"]);
  });

  it("gives no port twice", async () => {
    const { ports } = await choosePorts({ ...USUAL_PORTS, portal: 4000 }, taken());
    expect(ports).toMatchObject({ portal: 4000, worker: 4001 });
  });

  it("says so when there is none", async () => {
    const wanted = { ...USUAL_PORTS, portal: 65_535 };
    await expect(choosePorts(wanted, taken(65_535))).rejects.toThrow("no free port for portal from 65535 on");
  });
});
