import { describe, expect, it } from "vitest";
import { checkParameter, type ParameterDefinition, parameterSchema, setParameters } from "./parameters.ts";

const declare = (more: object): ParameterDefinition =>
  parameterSchema.parse({ description: "What is let pass.", ...more });
const TOLERANCE = declare({ type: "decimal(12,2)", default: 0, min: 0, max: 5 });

describe("a parameter's values", () => {
  it.each([
    ["decimal(12,2)", "5", "5.00"],
    ["decimal(12,2)", "-0.10", "-0.10"],
    ["decimal(12,2)", "-0", "0.00"],
    ["decimal(4,0)", "0012", "12"],
    ["decimal(2,2)", "0.5", "0.50"],
    ["long", "9223372036854775807", "9223372036854775807"],
    ["int", " 007 ", "7"],
    ["double", "1e3", "1000"],
    ["boolean", "true", "true"],
    ["date", "2028-02-29", "2028-02-29"],
    ["string", "it's", "it's"],
  ])("%s %s is %s", (type, text, value) => {
    expect(checkParameter({ type, description: "", default: "" }, text)).toEqual({ value });
  });

  it.each([
    ["decimal(12,2)", "0.001", "must have at most 2 decimal places"],
    ["decimal(4,2)", "100", "must have at most 2 digits before the point"],
    ["decimal(12,2)", "1e3", "must be a decimal number, e.g. 0.05"],
    ["int", "2147483648", "must be between -2147483648 and 2147483647"],
    ["long", "1.5", "must be a whole number"],
    ["double", "Infinity", "must be a number, e.g. 0.5"],
    ["double", "1e999", "must be a number, e.g. 0.5"],
    ["boolean", "yes", "must be true or false"],
    ["date", "2026-02-29", "must be a day that the calendar has, as YYYY-MM-DD"],
    ["string", "a\nb", "must be one line without control characters"],
  ])("%s refuses %s", (type, text, problem) => {
    expect(checkParameter({ type, description: "", default: "" }, text)).toEqual({ problem });
  });

  it("that are set to the default are not set; what is outside of the bounds is refused by name", () => {
    const definitions = {
      tolerance: TOLERANCE,
      currency: declare({ type: "string", default: "EUR", values: ["EUR", "USD"] }),
    };
    expect(setParameters("mart.x", definitions, { tolerance: "0", currency: "USD" })).toEqual({ currency: "USD" });
    expect(() => setParameters("mart.x", definitions, { tolerance: "5.01" })).toThrow(
      'parameters.tolerance: must be at most 5.00, and "5.01" was given',
    );
    expect(() => setParameters("mart.x", definitions, { currency: "GBP" })).toThrow("must be one of EUR, USD");
    expect(() => setParameters("mart.x", definitions, { toString: "1" })).toThrow(
      "parameters.toString: mart.x has no such parameter; it has tolerance, currency",
    );
    expect(() => setParameters("mart.x", {}, { a: "1" })).toThrow("it has none");
  });
});

describe("declaring a parameter", () => {
  it.each([
    [{ type: "money", default: 0 }, "type", "must be boolean, int, long"],
    [{ type: "decimal(40,2)", default: 0 }, "type", "must be boolean, int, long"],
    [{ type: "long", default: "x" }, "default", "must be a whole number"],
    [{ type: "long", default: 7, max: 5 }, "default", "must be at most 5"],
    [{ type: "long", default: 5, min: 9, max: 1 }, "min", "must not be above max"],
    [{ type: "string", default: "a", min: "a" }, "min", "a string has no min and max"],
    [{ type: "string", default: "a", values: ["b"] }, "default", "must be one of b"],
    [{ type: "long" }, "default", "must be one value"],
  ])("%j is refused at %s", (declared, place, message) => {
    const { error } = parameterSchema.safeParse({ description: "What it is.", ...declared });
    expect(error?.issues[0]?.path[0]).toBe(place);
    expect(error?.issues[0]?.message).toContain(message);
  });
});
