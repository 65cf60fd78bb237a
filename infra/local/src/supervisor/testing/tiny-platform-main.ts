// A platform of real PostgreSQL and two small parts, for the supervisor's own test. argv: data folder, first port.
import { ensureDatabases } from "../../postgres/databases.ts";
import { prepareCluster } from "../../postgres/prepare-cluster.ts";
import { clusterFolder, DataDirRefused } from "../data-dir.ts";
import type { PartSpec } from "../part.ts";
import { databasePart } from "../plan-parts.ts";
import { choosePorts, isPortFree } from "../ports.ts";
import { loadSecrets } from "../secrets.ts";
import { superviseUntilSignal } from "../signals.ts";

const [dataDir = "", firstPort = ""] = process.argv.slice(2);
const PATH = { PATH: "/usr/bin:/bin" };

const part = (name: string, port: number, script: string, stopRank: number): PartSpec => ({
  name,
  command: process.execPath,
  args: ["-e", script],
  cwd: dataDir,
  env: { ...PATH, PORT: String(port) },
  ready: { kind: "http", url: `http://127.0.0.1:${port}` },
  readyWithin: 30_000,
  stopSignal: "SIGTERM",
  stopWithin: 1000,
  stopRank,
  required: true,
  channel: true,
});

const SERVE = `const server = require("node:http").createServer((_, res) => res.end("ok")).listen(process.env.PORT, "127.0.0.1");`;
const POLITE = `${SERVE} process.once("SIGTERM", () => { console.log("draining"); server.close(() => process.exit(0)); server.closeAllConnections(); });`;
// Hears no signal and keeps a child of its own: the hardest to leave nothing of.
const STUBBORN = `${SERVE} process.on("SIGTERM", () => console.log("not listening"));
  console.log("child " + require("node:child_process").spawn("cat").pid);`;

try {
  await superviseUntilSignal(
    {
      async start({ ensemble, announce, say }) {
        const first = Number(firstPort);
        const wanted = {
          portal: first,
          worker: first + 1,
          postgres: first + 2,
          salesforce: first + 3,
          stripe: first + 4,
        };
        const { ports } = await choosePorts(wanted, isPortFree);
        const secrets = await loadSecrets(dataDir);
        const url = `postgres://nova:${secrets.postgresPassword}@127.0.0.1:${ports.postgres}/postgres`;
        announce({
          ports: { ...ports },
          urls: { portal: `http://127.0.0.1:${ports.portal}`, worker: "-", metadataDb: url },
        });
        const server = await prepareCluster(clusterFolder(dataDir), ports.postgres, secrets.postgresPassword);
        await ensemble.start([databasePart(server, url, PATH, dataDir)]);
        await ensureDatabases(url, ["nova", "orders"]);
        await ensemble.start([part("polite", ports.portal, POLITE, 2), part("stubborn", ports.worker, STUBBORN, 1)]);
        say("Ready");
      },
    },
    { dataDir, fresh: false },
  );
} catch (error) {
  console.error(error instanceof DataDirRefused ? error.message : error);
  process.exitCode = 1;
}
if (process.connected) process.disconnect();
