import { describe, expect, it } from "vitest";
import { describeFilter } from "./describe-filter.ts";
import { parseRunId } from "./run-search.ts";
import { isFiltered, loadRunsSearch, runsFilter, runsPageInput, runsSearchParsers } from "./runs-search.ts";
import { fromZonedMinute, toZonedMinute } from "./zoned-minute.ts";

const NOW = Date.parse("2026-11-23T14:30:42Z");
const load = (query: string) => loadRunsSearch(new URLSearchParams(query));

describe("the address of the runs list", () => {
  it("means every run, newest first, when it says nothing", () => {
    const search = load("");
    expect(isFiltered(search)).toBe(false);
    expect(runsPageInput(search, NOW)).toEqual({
      tab: "all",
      inside: false,
      at: null,
      pipeline: null,
      trigger: null,
      dataset: "",
      startedFrom: null,
      startedTo: null,
      longerThanSeconds: null,
      launchedBy: null,
    });
  });

  it("carries every filter", () => {
    const search = load(
      "state=failed&pipeline=curated&trigger=manual&dataset=orders&started=24h&over=5m&by=platform&inside=true",
    );
    expect(runsPageInput(search, NOW)).toMatchObject({
      tab: "failed",
      pipeline: "curated",
      trigger: "manual",
      dataset: "orders",
      startedFrom: new Date("2026-11-22T14:30:00Z"),
      longerThanSeconds: 300,
      launchedBy: "platform",
      inside: true,
    });
    expect(describeFilter(search)).toBe(
      "pipeline curated, trigger manual, dataset like “orders”, the time they started, longer than 5 min, started by the platform itself",
    );
  });

  it("takes a range by its ends when no named range is given", () => {
    const search = load("from=2026-11-20T08:00Z&to=2026-11-21T09:30Z");
    expect(runsFilter(search, NOW)).toMatchObject({
      startedFrom: new Date("2026-11-20T08:00:00Z"),
      startedTo: new Date("2026-11-21T09:30:00Z"),
    });
    expect(runsSearchParsers.from.serialize(new Date("2026-11-20T08:00:00Z"))).toBe("2026-11-20T08:00Z");
  });

  it("ignores what it does not understand", () => {
    const search = load("state=odd&trigger=x&started=9y&from=yesterday&over=long&at=older~drop");
    expect(isFiltered(search)).toBe(false);
    expect(search).toMatchObject({ state: "all", at: null });
  });

  it("keeps the place in the list", () => {
    const cursor = "1795404862947257_d3310417-14f3-485d-ace3-c84d796fe21d";
    expect(load(`at=older~${cursor}`).at).toEqual({ direction: "older", cursor });
    expect(runsSearchParsers.at.serialize({ direction: "newer", cursor })).toBe(`newer~${cursor}`);
  });

  it.each([
    [45, "45s"],
    [300, "5m"],
    [7_200, "2h"],
  ])("writes %s seconds as %s and reads them back", (seconds, text) => {
    expect(runsSearchParsers.over.serialize(seconds)).toBe(text);
    expect(runsSearchParsers.over.parse(text)).toBe(seconds);
  });
});

it("takes only a UUID for a run's id", () => {
  expect(parseRunId("D3310417-14F3-485D-ACE3-C84D796FE21D")).toBe("d3310417-14f3-485d-ace3-c84d796fe21d");
  expect(parseRunId("../etc")).toBeNull();
});

describe("a minute in the reader's zone", () => {
  it.each(["UTC", "Europe/Lisbon", "America/New_York", "Asia/Kolkata"])("comes back the same in %s", (zone) => {
    for (const iso of ["2026-01-15T12:34:00Z", "2026-07-15T23:05:00Z"]) {
      expect(fromZonedMinute(toZonedMinute(new Date(iso), zone), zone)).toEqual(new Date(iso));
    }
  });

  it("is the wall clock of that zone", () => {
    expect(toZonedMinute(new Date("2026-07-15T12:00:00Z"), "America/New_York")).toBe("2026-07-15T08:00");
    expect(fromZonedMinute("2026-07-15T08:00", "America/New_York")).toEqual(new Date("2026-07-15T12:00:00Z"));
    expect(fromZonedMinute("soon", "UTC")).toBeNull();
  });
});
