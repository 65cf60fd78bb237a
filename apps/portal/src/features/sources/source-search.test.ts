import { expect, it } from "vitest";
import { parseSourceId, parseSourceSearch } from "./source-search.ts";

it.each([
  [{ range: "6h" }, "6h"],
  [{ range: "9y" }, "1h"],
  [{}, "1h"],
])("the address %j asks for the last %s", (search, range) => {
  expect(parseSourceSearch(search)).toEqual({ range });
});

it("knows the four sources and nothing else", () => {
  expect(parseSourceId("orders_db")).toBe("orders_db");
  expect(parseSourceId("constructor")).toBeNull();
});
