import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ensureDatabases } from "../postgres/databases.ts";
import { prepareCluster, SUPERUSER } from "../postgres/prepare-cluster.ts";
import type { SupervisorEnv } from "../env.ts";
import { clusterFolder } from "./data-dir.ts";
import type { StartOptions } from "./options.ts";
import { portalUrl, runsStripe, type Surroundings, workerUrl } from "./part-env.ts";
import { databasePart, planStages, type Programs } from "./plan-parts.ts";
import { choosePorts, isPortFree, type PortName, USUAL_PORTS } from "./ports.ts";
import { loadSecrets, saveAddresses, type Secrets } from "./secrets.ts";
import type { Platform } from "./supervise.ts";

const DEMO_PEOPLE: readonly (readonly [email: string, role: string])[] = [
  ["ana@novaretail.example", "analyst"],
  ["dev@novaretail.example", "data engineer"],
  ["priya@novaretail.example", "privacy officer"],
  ["owen@novaretail.example", "data owner"],
  ["petra@novaretail.example", "platform engineer"],
];

/** NovaRetail's platform on this machine: PostgreSQL, migrations, demo sources, worker and portal. */
export function novaPlatform(
  options: StartOptions,
  env: SupervisorEnv,
  programs: Omit<Programs, "portalServer">,
): Platform {
  return {
    async start({ ensemble, announce, say, print }) {
      const startedAt = performance.now();
      const { ports, moved } = await choosePorts({ ...USUAL_PORTS, portal: options.port }, isPortFree);
      const secrets = await loadSecrets(options.dataDir);
      const all = surroundings(options, env, ports, secrets);
      const names = embeddedDatabases(options, env);
      const listening = portsInUse(all, names.length > 0);
      for (const name of moved.filter((each) => listening.includes(each))) {
        const wanted = name === "portal" ? options.port : USUAL_PORTS[name];
        say(`port ${wanted} is taken; ${name} listens on ${ports[name]}`);
      }
      for (const folder of ["lake", "spool", "salesforce"])
        await mkdir(join(options.dataDir, folder), { recursive: true });
      await saveAddresses(options.dataDir, secrets, {
        databaseUrl: all.databaseUrl,
        ordersDbUrl: all.ordersDb?.url,
        workerUrl: workerUrl(all),
        portalUrl: portalUrl(all),
      });
      announce({
        ports: Object.fromEntries(listening.map((name) => [name, ports[name]])),
        urls: {
          portal: portalUrl(all),
          worker: workerUrl(all),
          metadataDb: withoutPassword(all.databaseUrl),
          ...(all.ordersDb === undefined ? {} : { ordersDb: withoutPassword(all.ordersDb.url) }),
        },
      });
      if (names.length > 0) {
        const maintenance = serverUrl(ports.postgres, secrets, "postgres");
        const server = await prepareCluster(clusterFolder(options.dataDir), ports.postgres, secrets.postgresPassword);
        await ensemble.start([databasePart(server, maintenance, env.passedOn, options.dataDir)]);
        if (ensemble.stopped) return;
        await ensureDatabases(maintenance, names);
      }
      for (const stage of planStages(all, { ...programs, portalServer: options.portalServer }))
        await ensemble.start(stage);
      if (ensemble.stopped) return;
      for (const line of welcome(all, (performance.now() - startedAt) / 1000)) print(line);
    },
  };
}

function surroundings(
  options: StartOptions,
  env: SupervisorEnv,
  ports: Readonly<Record<PortName, number>>,
  secrets: Secrets,
): Surroundings {
  const demoOrders = options.demo ? { url: serverUrl(ports.postgres, secrets, "orders"), own: false } : undefined;
  return {
    dataDir: options.dataDir,
    rate: options.rate,
    demo: options.demo,
    // Whoever brings an identity provider wants nobody to come in by a demo name.
    demoSignIn: env.portalOnly["OIDC_ISSUER"] === undefined,
    ports,
    secrets,
    databaseUrl: env.databaseUrl ?? serverUrl(ports.postgres, secrets, "nova"),
    ordersDb: options.source === undefined ? demoOrders : { url: options.source, own: true },
    passedOn: env.passedOn,
    portalOnly: env.portalOnly,
    workerOnly: env.workerOnly,
  };
}

function embeddedDatabases(options: StartOptions, env: SupervisorEnv): string[] {
  const metadata = env.databaseUrl === undefined ? ["nova"] : [];
  const orders = options.demo && options.source === undefined ? ["orders"] : [];
  return [...metadata, ...orders];
}

function portsInUse(all: Surroundings, embedded: boolean): readonly PortName[] {
  const used: readonly (readonly [name: PortName, used: boolean])[] = [
    ["portal", true],
    ["worker", true],
    ["postgres", embedded],
    ["salesforce", all.demo],
    ["stripe", runsStripe(all)],
  ];
  return used.filter(([, isUsed]) => isUsed).map(([name]) => name);
}

function serverUrl(port: number, secrets: Secrets, database: string): string {
  return `postgres://${SUPERUSER}:${secrets.postgresPassword}@127.0.0.1:${port}/${database}`;
}

function withoutPassword(address: string): string {
  const url = new URL(address);
  url.password = "";
  return url.href;
}

function welcome(all: Surroundings, seconds: number): readonly string[] {
  const people = all.demoSignIn
    ? ["Sign in as one of:", ...DEMO_PEOPLE.map(([email, role]) => `  ${email.padEnd(28)} ${role}`)]
    : [];
  return [
    "",
    ...people,
    `Started in ${seconds.toFixed(1)} s; logs are in ${all.dataDir}/logs; Ctrl-C stops everything.`,
    `Ready: ${portalUrl(all)}`,
    "",
  ];
}
