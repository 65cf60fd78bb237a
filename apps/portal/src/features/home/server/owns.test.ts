import { expect, it } from "vitest";
import { owns } from "./owns.ts";

const owen = { name: "Owen Clarke", email: "owen@novaretail.example", title: "Owner of customer data" };

it.each([
  ["Owen Clarke", true],
  ["owen@novaretail.example", true],
  ["customer-data", true],
  ["Customer data", true],
  ["sales-data", false],
  ["data", true],
  ["dat", false],
  ["", false],
])("a dataset of owner %j", (owner, expected) => {
  expect(owns(owen, owner)).toBe(expected);
});
