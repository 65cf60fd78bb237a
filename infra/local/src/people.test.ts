import { expect, test } from "vitest";
import { messyEmail, PEOPLE, person } from "./people.ts";

const everyone = Array.from({ length: PEOPLE }, (_, index) => person(index));

test("a person is the same every time", () => {
  expect(person(4711)).toEqual(person(4711));
  expect(person(0)).toMatchInlineSnapshot(`
    {
      "birthDate": "1997-03-02",
      "city": "Glasgow",
      "country": "GB",
      "createdAt": "2021-03-01T00:00:00.000Z",
      "customerId": 1,
      "email": "harry.patel0@post.example",
      "firstName": "Harry",
      "index": 0,
      "lastName": "Patel",
      "phone": "+44 7700 900007",
      "postalCode": "G8 0XA",
      "previousEmail": null,
      "street": "177 Station Road",
    }
  `);
});

test("every present and former address belongs to one person and is undeliverable", () => {
  const addresses = everyone.flatMap((who) =>
    who.previousEmail === null ? [who.email] : [who.email, who.previousEmail],
  );
  expect(new Set(addresses).size).toBe(addresses.length);
  expect(addresses.filter((email) => !/^[a-z]+(\.[a-z]+)?\d+@[a-z-]+\.example$/.test(email))).toEqual([]);
});

test("about one in twenty changed the address", () => {
  const share = everyone.filter((who) => who.previousEmail !== null).length / PEOPLE;
  expect(share).toBeGreaterThan(0.04);
  expect(share).toBeLessThan(0.06);
});

test("names are international, four-byte letters included", () => {
  expect(new Set(everyone.map((who) => who.country)).size).toBe(10);
  expect(everyone.some((who) => who.lastName === "𠮷田")).toBe(true);
});

test("the mess can be undone: trim, lower case, no plus part", () => {
  for (const source of ["salesforce", "stripe"] as const) {
    const messy = everyone.map((who) => messyEmail(who, source));
    const cleaned = messy.map((email) =>
      email
        .trim()
        .toLowerCase()
        .replace(/\+[^@]*@/, "@"),
    );
    expect(cleaned.every((email, i) => email === everyone[i]?.email || email === everyone[i]?.previousEmail)).toBe(
      true,
    );
    expect(messy.filter((email, i) => email !== everyone[i]?.email).length / PEOPLE).toBeGreaterThan(0.3);
    expect(messy.some((email) => email.startsWith(" "))).toBe(true);
    expect(messy.some((email) => email.includes("+"))).toBe(true);
  }
});

test("sign-ups rise with the number", () => {
  expect(person(PEOPLE - 1).createdAt > person(10).createdAt).toBe(true);
});
