import { type CaptureHost, mayAct, type StreamRecord, type StreamRequest } from "@nova/pipeline-core/connectors";
import type pg from "pg";
import { publishedNames, readTables, type SourceTable } from "./catalog.ts";
import type { PendingChanges } from "./pending-changes.ts";
import { readAgainQueue } from "./read-again.ts";
import { isReadAgain } from "./snapshot.ts";
import type { FlushRules } from "./flush-rules.ts";

/**
 * What happens to single tables while all of them stream: people pause, resume and resync them, tables join and leave the
 * publication, one fails. None of it stops the others.
 */
export interface TableControl {
  /** Looks at what people ask and at the publication when it is time, and keeps reading what has to be read again. */
  tend(): Promise<void>;
  /** A table whose existing rows are not in the log. */
  unread(table: SourceTable): void;
  /** A new table that waits for a person. */
  heldBack(table: SourceTable): void;
  /** Whether rows that were read beside the stream belong before this message. */
  waitsBefore(message: Buffer): boolean;
  /** Puts them there; waits for their read. */
  place(): Promise<void>;
  /** Called when pending rows are taken; the answer is called once they are stored. */
  taken(): () => Promise<void>;
  close(): void;
}

export interface TableControlOptions {
  readonly catalog: pg.Client;
  readonly connect: () => Promise<pg.Client>;
  readonly publication: string;
  readonly everyTable: boolean;
  readonly system: string;
  readonly rules: FlushRules;
  readonly streams: readonly StreamRecord[];
}

export function tableControl(host: CaptureHost, pending: PendingChanges, options: TableControlOptions): TableControl {
  const skipped = new Set(
    options.streams.filter(({ state }) => state === "paused" || state === "failed").map(({ stream }) => stream),
  );
  const seen = new Set<string>();
  /** Read again once they are published: those found gone, and at a start those that failed, whose cause may be mended. */
  const awaited = new Set(options.streams.filter(({ state }) => state === "failed").map(({ stream }) => stream));
  let lookedAt = Number.NEGATIVE_INFINITY;
  let comparedAt = performance.now();

  const skip = (stream: string, on: boolean): void => {
    if (on) skipped.add(stream);
    else skipped.delete(stream);
    pending.skip(new Set(skipped));
  };
  const again = readAgainQueue(host, pending, {
    ...options,
    begun: (stream) => skip(stream, false),
    failed: async (stream, failure) => {
      skip(stream, true);
      host.logger.warn("a table could not be read again; the others go on", { stream, kind: failure.kind });
      await host.setStreamState(stream, "failed", { kind: failure.kind, message: failure.message });
    },
  });
  pending.skip(skipped);
  for (const record of options.streams) {
    if (isReadAgain(record)) again.add(record.stream, { from: record });
    else if (record.state === "waiting") again.add(record.stream, {});
  }

  const act = async (request: StreamRequest): Promise<void> => {
    const records = await host.streams();
    const named = records.filter((record) => request.stream === null || record.stream === request.stream);
    const fit = named.filter((record) => mayAct(record.state, request.action) || isReadAgain(record));
    if (fit.length === 0) {
      const why =
        named.length === 0 ? "there is no such stream" : `it is ${named.map(({ state }) => state).join(", ")}`;
      return host.settleRequest(request.id, { state: "failed", message: `nothing to ${request.action}: ${why}` });
    }
    switch (request.action) {
      case "pause":
        for (const { stream } of fit) {
          await again.remove(stream);
          skip(stream, true);
          await host.setStreamState(stream, "paused");
        }
        return host.settleRequest(request.id, {
          state: "done",
          message: "paused: changes are not taken until it is resumed, which reads the table again",
        });
      case "resume":
      case "resync":
      case "replay":
      case "repair":
        return again.request(request, fit);
    }
  };

  const comparePublication = async (): Promise<void> => {
    const published = await publishedNames(options.catalog, options.publication);
    const records = await host.streams();
    const known = new Map(records.map((record) => [record.stream, record]));
    for (const { stream, state } of records) {
      if (published.has(stream)) {
        if (awaited.delete(stream)) again.add(stream, {});
        continue;
      }
      if (state !== "streaming") continue;
      awaited.add(stream);
      skip(stream, true);
      await host.setStreamState(stream, "failed", {
        kind: "source-misconfigured",
        message: `${stream} was dropped or renamed, or is no longer in publication ${options.publication}: add it with ALTER PUBLICATION … ADD TABLE and it is read again by itself`,
      });
    }
    // With every table published a new one is known from its first change, and all its rows are in the log.
    if (options.everyTable) return;
    const added = [...published].filter((stream) => !known.has(stream));
    if (added.length === 0) return;
    for (const table of await readTables(options.catalog, options.publication)) {
      if (!added.includes(table.stream)) continue;
      await pending.adopt(table);
      const record = (await host.streams()).find((each) => each.stream === table.stream);
      if (record?.state === "paused") skip(table.stream, true);
      else again.add(table.stream, {});
    }
  };

  return {
    async tend() {
      const now = performance.now();
      if (now - lookedAt >= options.rules.controlMillis) {
        lookedAt = now;
        for (const request of await host.requests()) {
          if (seen.has(request.id)) continue;
          seen.add(request.id);
          await act(request);
        }
      }
      if (now - comparedAt >= options.rules.publicationMillis) {
        comparedAt = now;
        await comparePublication();
      }
      await again.tend();
    },
    unread: (table) => again.add(table.stream, {}),
    heldBack: (table) => skip(table.stream, true),
    waitsBefore: (message) => again.waitsBefore(message),
    place: () => again.place(),
    taken: () => again.taken(),
    close: () => again.close(),
  };
}
