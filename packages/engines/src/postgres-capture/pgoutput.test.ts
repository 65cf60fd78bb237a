import { describe, expect, test } from "vitest";
import { pgoutputDecoder } from "./pgoutput.ts";

/** Builds protocol messages as PostgreSQL's manual describes them ("Logical Replication Message Formats"). */
const int8 = (value: number): Buffer => Buffer.from([value]);
const int16 = (value: number): Buffer => {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
};
const int32 = (value: number): Buffer => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const value = (content: string): Buffer =>
  Buffer.concat([Buffer.from("t"), int32(Buffer.byteLength(content)), Buffer.from(content)]);
const tuple = (...values: Buffer[]): Buffer => Buffer.concat([int16(values.length), ...values]);
const relation = Buffer.concat([
  Buffer.from("R"),
  int32(42),
  text("public"),
  text("things"),
  Buffer.from("d"),
  int16(3),
  ...["id", "body", "note"].map((name, index) =>
    Buffer.concat([int8(index === 0 ? 1 : 0), text(name), int32(25), int32(-1)]),
  ),
]);

function decoded(...messages: Buffer[]): unknown[] {
  const seen: unknown[] = [];
  const decoder = pgoutputDecoder({
    begin: (lsn, micros) => seen.push(["begin", lsn, micros]),
    commit: (lsn) => seen.push(["commit", lsn]),
    relation: () => ["id"],
    change: (...change) => seen.push(change),
  });
  for (const message of messages) decoder.decode(Buffer.concat([Buffer.from("head"), message]), 4);
  return seen;
}
const insert = (...values: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from("I"), int32(42), Buffer.from("N"), tuple(...values)]);

describe("the pgoutput decoder", () => {
  test("reads begin and commit with their places and the source's time", () => {
    const begin = Buffer.alloc(21);
    begin.write("B");
    begin.writeBigUInt64BE(0x1_0000_0010n, 1);
    begin.writeBigInt64BE(1_000_000n, 9);
    const commit = Buffer.alloc(26);
    commit.write("C");
    commit.writeBigUInt64BE(0x1_0000_0010n, 2);
    commit.writeBigUInt64BE(0x1_0000_0040n, 10);
    expect(decoded(begin, commit)).toEqual([
      ["begin", 0x1_0000_0010n, 946_684_801_000_000n],
      ["commit", 0x1_0000_0040n],
    ]);
  });

  test("tells null, empty text and unchanged values apart", () => {
    const update = Buffer.concat([
      Buffer.from("U"),
      int32(42),
      Buffer.from("N"),
      tuple(value("1"), Buffer.from("u"), Buffer.from("n")),
    ]);
    expect(decoded(relation, insert(value("1"), value(""), Buffer.from("n")), update)).toEqual([
      ["c", 42, '{"id":"1"}', '{"id":"1","body":"","note":null}', null],
      ["u", 42, '{"id":"1"}', '{"id":"1","note":null}', '["body"]'],
    ]);
  });

  test("takes a key that is unchanged and out of line from the old tuple", () => {
    const key = "k".repeat(3000);
    const update = Buffer.concat([
      Buffer.from("U"),
      int32(42),
      Buffer.from("K"),
      tuple(value(key), Buffer.from("n"), Buffer.from("n")),
      Buffer.from("N"),
      tuple(Buffer.from("u"), value("b"), Buffer.from("n")),
    ]);
    expect(decoded(relation, update)).toEqual([["u", 42, `{"id":"${key}"}`, '{"body":"b","note":null}', '["id"]']]);
  });

  test("grows with values larger than its buffer, in any script", () => {
    const long = 'é😀"'.repeat(100_000);
    const [row] = decoded(relation, insert(value("1"), value(long), Buffer.from("n"))) as [
      unknown,
      unknown,
      unknown,
      string,
    ][];
    expect(JSON.parse(row?.[3] ?? "")).toEqual({ id: "1", body: long, note: null });
  });

  test("ignores what says nothing about rows, also the stream abort that was never asked for", () => {
    expect(
      decoded(Buffer.from("Oxxxxxxxxorigin\0"), Buffer.from("Yxxxx"), Buffer.from("M"), Buffer.from("Axxxxxxxx")),
    ).toEqual([]);
  });

  test.each([
    ["a message of another protocol version", Buffer.from("S")],
    ["a change of a relation that was never described", insert(value("1"))],
    [
      "a binary value",
      Buffer.concat([
        relation.subarray(0, 0),
        Buffer.from("I"),
        int32(42),
        Buffer.from("N"),
        int16(1),
        Buffer.from("b"),
      ]),
    ],
  ])("refuses %s", (name, message) => {
    const before = name === "a binary value" ? [relation] : [];
    expect(() => decoded(...before, message)).toThrow(expect.objectContaining({ kind: "payload-rejected" }));
  });
});
