import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../../src/testing/test-platform.ts";
import { until } from "../measured.ts";
import { build, missing } from "./installed.ts";
import type { LogTaker } from "./log-taker.ts";
import { mustEqual, orderNumbers } from "./order-numbers.ts";
import { startPeer } from "./peer-process.ts";

const VERSION = "v0.165.0";
/** Of the parts that the project calls stable; released together with the others. */
const STABLE = "v1.71.0";
const CORE = "go.opentelemetry.io/collector";
const CONTRIB = "github.com/open-telemetry/opentelemetry-collector-contrib";
const PARTS: Readonly<Record<string, readonly string[]>> = {
  receivers: [`${CORE}/receiver/otlpreceiver ${VERSION}`],
  processors: [`${CORE}/processor/batchprocessor ${VERSION}`],
  exporters: [`${CORE}/exporter/otlphttpexporter ${VERSION}`, `${CONTRIB}/exporter/fileexporter ${VERSION}`],
  extensions: [`${CONTRIB}/extension/storage/filestorage ${VERSION}`],
  providers: ["env", "file"].map((kind) => `${CORE}/confmap/provider/${kind}provider ${STABLE}`),
};

/**
 * The two ways of running it. The file exporter has no queue of its own, so the one on disk is that of the OTLP exporter,
 * which sends to a second receiver of the same process: the shape in which the queue is used in earnest, over one machine.
 */
const WAYS = {
  memory: {
    wrote: "NDJSON in a file, not synced",
    acknowledges: "from memory",
    pipelines: {
      logs: { receivers: ["otlp"], processors: ["batch"], exporters: ["file"] },
    },
  },
  disk: {
    wrote: "NDJSON in a file, not synced",
    acknowledges: "once in its synced queue on disk",
    pipelines: {
      "logs/queued": { receivers: ["otlp"], exporters: ["otlp_http"] },
      logs: { receivers: ["otlp/behind"], processors: ["batch"], exporters: ["file"] },
    },
  },
} as const;

/** OpenTelemetry Collector, with the batch processor and its exporter of files; `way`: when it acknowledges. */
export async function collector(
  way: keyof typeof WAYS,
  { fetched, folder }: { readonly fetched: string; readonly folder: string },
): Promise<LogTaker | string> {
  const name = `OpenTelemetry Collector ${VERSION}${way === "disk" ? ", queue on disk" : ""}`;
  if (missing("go").length > 0) return `${name} is left out: not on this machine: go`;
  let program: string;
  try {
    program = await built(fetched);
  } catch (error) {
    return `${name} is left out: ${error instanceof Error ? error.message : String(error)}`;
  }
  const [port, behind] = [await freePort(), await freePort()];
  const output = join(folder, `collector-${way}.ndjson`);
  const queue = join(folder, `collector-${way}-queue`);
  // YAML takes JSON as it is.
  const config = join(folder, `collector-${way}.json`);
  await writeFile(config, JSON.stringify(settings(way, { port, behind, output, queue })));
  return {
    name,
    async start() {
      await rm(queue, { recursive: true, force: true });
      await mkdir(queue, { recursive: true });
      await writeFile(output, "");
      const written = orderNumbers(output);
      const peer = startPeer(program, ["--config", `file:${config}`]);
      const url = `http://127.0.0.1:${port}/v1/logs`;
      await until(`${name} to listen`, async () => {
        peer.assertRuns();
        return fetch(url).then(
          () => true,
          () => false,
        );
      });
      return {
        pid: peer.pid,
        url,
        token: "none",
        wrote: WAYS[way].wrote,
        acknowledges: WAYS[way].acknowledges,
        async holds({ events }) {
          peer.assertRuns();
          return written().count >= events;
        },
        check: async ({ events, numbers }) => mustEqual(name, written(), { count: events, sum: numbers }),
        async stop() {
          await peer.stop();
          await rm(output, { force: true });
        },
      };
    },
  };
}

function settings(
  way: keyof typeof WAYS,
  {
    port,
    behind,
    output,
    queue,
  }: { readonly port: number; readonly behind: number; readonly output: string; readonly queue: string },
): object {
  const receiver = (at: number): object => ({ protocols: { http: { endpoint: `127.0.0.1:${at}` } } });
  const queued = way === "disk";
  return {
    receivers: { otlp: receiver(port), ...(queued && { "otlp/behind": receiver(behind) }) },
    processors: { batch: { send_batch_size: 8192, timeout: "200ms" } },
    exporters: {
      file: { path: output },
      ...(queued && {
        otlp_http: {
          endpoint: `http://127.0.0.1:${behind}`,
          compression: "none",
          sending_queue: { storage: "file_storage", block_on_overflow: true },
        },
      }),
    },
    extensions: queued ? { file_storage: { directory: queue, fsync: true } } : {},
    service: {
      extensions: queued ? ["file_storage"] : [],
      pipelines: WAYS[way].pipelines,
      telemetry: { logs: { level: "warn" }, metrics: { level: "none" } },
    },
  };
}

/**
 * Made once for a folder. The builder writes the program; left to itself it would also fetch what only tests of the parts
 * need, so its modules are named here.
 */
async function built(fetched: string): Promise<string> {
  const own = join(fetched, "collector");
  const program = join(own, "otel-collector");
  if (existsSync(program)) return program;
  const source = join(own, "source");
  await mkdir(source, { recursive: true });
  const plan = join(own, "builder.json");
  const parts = Object.entries(PARTS).map(([kind, names]) => [kind, names.map((gomod) => ({ gomod }))]);
  await writeFile(plan, JSON.stringify({ dist: { output_path: source }, ...Object.fromEntries(parts) }));
  const env = {
    GOPATH: join(fetched, "go-path"),
    GOCACHE: join(fetched, "go-build"),
    GOFLAGS: "-modcacherw -buildvcs=false",
  };
  const builder = ["run", `${CORE}/cmd/builder@${VERSION}`, "--config", plan];
  await build("go", [...builder, "--skip-get-modules", "--skip-compilation"], { cwd: own, env });
  const needed = [...Object.values(PARTS).flat(), `${CORE}/otelcol ${VERSION}`];
  await writeFile(
    join(source, "go.mod"),
    `module nova.bench/collector\n\ngo 1.25\n\nrequire (\n${needed.map((module) => `\t${module}\n`).join("")})\n`,
  );
  await build("go", ["build", "-mod=mod", "-trimpath", "-ldflags=-s -w", "-o", program, "."], { cwd: source, env });
  return program;
}
