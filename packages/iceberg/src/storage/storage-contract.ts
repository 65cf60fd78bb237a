import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { IcebergError } from "../errors.ts";
import type { Storage } from "./storage.ts";

export interface StorageUnderTest {
  readonly storage: Storage;
  /** A prefix inside the storage that tests may fill. */
  readonly prefix: string;
  /** A location outside of it. */
  readonly outside: string;
  close(): Promise<void>;
}

/** What every storage promises. */
export function storageContract(name: string, open: () => Promise<StorageUnderTest>): void {
  describe(`storage contract: ${name}`, () => {
    let subject: StorageUnderTest;
    beforeAll(async () => {
      subject = await open();
    });
    afterAll(async () => subject?.close());
    const at = (path: string): string => `${subject.prefix}/${path}`;

    test("a created file is read back byte for byte, in folders that did not exist", async () => {
      const bytes = Buffer.from([0, 255, 10, 13, 128]);
      await subject.storage.create(at("a/b/c d=%20é.bin"), bytes);
      expect(await subject.storage.read(at("a/b/c d=%20é.bin"))).toEqual(bytes);
    });

    test("of many writers of one name exactly one wins, and its bytes stay", async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 8 }, async (_, index) => subject.storage.create(at("race"), Buffer.from([index]))),
      );
      const won = results.findIndex((result) => result.status === "fulfilled");
      expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
      const kinds = results.flatMap((result) =>
        result.status === "rejected" ? [(result.reason as IcebergError).kind] : [],
      );
      expect(kinds).toEqual(Array(7).fill("file-exists"));
      expect(await subject.storage.read(at("race"))).toEqual(Buffer.from([won]));
    });

    test("a missing file is named, and deleting it is no error", async () => {
      await expect(subject.storage.read(at("nothing"))).rejects.toMatchObject({ kind: "file-missing" });
      await subject.storage.delete(at("nothing"));
    });

    test("a listing shows every file below a prefix and nothing half-written", async () => {
      await subject.storage.create(at("list/x"), Buffer.from("12345"));
      await subject.storage.create(at("list/deep/y"), Buffer.from("1"));
      const found = [];
      for await (const file of subject.storage.list(at("list"))) found.push(file);
      expect(new Map(found.map((file) => [file.location, file.sizeBytes]))).toEqual(
        new Map([
          [subject.storage.normalise(at("list/deep/y")), 1],
          [subject.storage.normalise(at("list/x")), 5],
        ]),
      );
      await subject.storage.delete(at("list/x"));
      const rest = [];
      for await (const file of subject.storage.list(at("list"))) rest.push(file.location);
      expect(rest).toEqual([subject.storage.normalise(at("list/deep/y"))]);
      for await (const file of subject.storage.list(at("no-such-prefix"))) expect.unreachable(file.location);
    });

    test("locations outside are refused, also when they try to climb out", async () => {
      for (const location of [subject.outside, at("../../../../etc/passwd")]) {
        await expect(subject.storage.read(location)).rejects.toMatchObject({ kind: "path-outside-storage" });
        await expect(subject.storage.create(location, Buffer.alloc(1))).rejects.toMatchObject({
          kind: "path-outside-storage",
        });
        await expect(subject.storage.delete(location)).rejects.toMatchObject({ kind: "path-outside-storage" });
      }
    });

    test("the engine's path leads back to the location", () => {
      const location = subject.storage.normalise(at("data/x.parquet"));
      expect(subject.storage.locationOf(subject.storage.enginePath(location))).toBe(location);
    });
  });
}
