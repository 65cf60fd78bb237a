import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { until } from "../measured.ts";
import type { ChangeReader } from "./change-reader.ts";
import { build, missing } from "./installed.ts";
import { mustEqual, orderNumbers } from "./order-numbers.ts";
import { startPeer } from "./peer-process.ts";
import { dropSlot, isRead, makeSlot, PUBLICATION } from "./slot.ts";

const SLOT = "bench_debezium";
/** Half of what Kafka Connect gives its workers, and less than our worker may take. */
const HEAP = "-Xmx1g";

/**
 * Debezium Engine, made for throughput: four times its usual batch and queue, numbers as decimal text, JSON without schemas.
 * One thread a core prepares changes, in the source's order.
 */
const SETTINGS: Readonly<Record<string, string>> = {
  name: "bench",
  "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
  "topic.prefix": "bench",
  "plugin.name": "pgoutput",
  "slot.name": SLOT,
  "publication.name": PUBLICATION,
  "publication.autocreate.mode": "disabled",
  "table.include.list": "public.bench_orders",
  "snapshot.mode": "no_data",
  "max.batch.size": "8192",
  "max.queue.size": "32768",
  "poll.interval.ms": "50",
  "decimal.handling.mode": "string",
  "tombstones.on.delete": "false",
  "record.processing.threads": "AVAILABLE_CORES",
  "record.processing.order": "ORDERED",
  "offset.storage": "org.apache.kafka.connect.storage.FileOffsetBackingStore",
  "offset.flush.interval.ms": "1000",
  "converter.schemas.enable": "false",
};

/** `fetched`: the folder that keeps what Maven brings; `folder`: that of this run. */
export async function debezium(
  source: pg.Client,
  url: string,
  { fetched, folder }: { readonly fetched: string; readonly folder: string },
): Promise<ChangeReader | string> {
  const absent = missing("java", "javac", "mvn");
  if (absent.length > 0) return `Debezium Engine is left out: not on this machine: ${absent.join(", ")}`;
  let classes: string;
  try {
    classes = await classPath(fetched);
  } catch (error) {
    return `Debezium Engine is left out: ${error instanceof Error ? error.message : String(error)}`;
  }
  const name = `Debezium Engine ${/debezium-embedded-([\d.]+\d)/.exec(classes)?.[1] ?? ""}`;
  const { hostname, port, username, password, pathname } = new URL(url);
  const offsets = join(folder, "debezium.offsets");
  const settings = join(folder, "debezium.properties");
  await writeFile(
    settings,
    Object.entries({
      ...SETTINGS,
      "offset.storage.file.filename": offsets,
      "database.hostname": hostname,
      "database.port": port,
      "database.user": username,
      "database.password": password,
      "database.dbname": pathname.slice(1),
    })
      .map(([key, value]) => `${key}=${value}\n`)
      .join(""),
  );
  const output = join(folder, "debezium.ndjson");
  return {
    name,
    source,
    async begin() {
      await rm(offsets, { force: true });
      await makeSlot(source, SLOT);
    },
    async start() {
      const peer = startPeer("java", [HEAP, "-cp", classes, "DebeziumPeer", settings, output]);
      await until(`${name} to read`, () => {
        peer.assertRuns();
        return isRead(source, SLOT);
      });
      return {
        pid: peer.pid,
        stages: [
          {
            wrote: "NDJSON in a file, not synced",
            holds: async ({ changes }) => Number(peer.lastLine()) >= changes,
          },
        ],
        check: async ({ changes, keys }) => mustEqual(name, orderNumbers(output)(), { count: changes, sum: keys }),
        async stop() {
          await peer.stop();
          await until(`the end of ${name}`, async () => !(await isRead(source, SLOT)));
          await rm(output, { force: true });
        },
      };
    },
    end: () => dropSlot(source, SLOT),
  };
}

/** Fetched once; compiled each time, which takes two seconds. */
async function classPath(fetched: string): Promise<string> {
  const own = join(fetched, "debezium");
  const jars = join(own, "class-path");
  await mkdir(own, { recursive: true });
  if (!existsSync(jars)) {
    const maven = [`-Dmaven.repo.local=${join(fetched, "maven")}`, "dependency:build-classpath"];
    await build(
      "mvn",
      ["-q", "-B", "-f", join(import.meta.dirname, "pom.xml"), ...maven, `-Dmdep.outputFile=${jars}`],
      {
        cwd: own,
      },
    );
  }
  const found = await readFile(jars, "utf8");
  await build("javac", ["-cp", found, "-d", own, join(import.meta.dirname, "DebeziumPeer.java")], { cwd: own });
  return `${own}:${found}`;
}
