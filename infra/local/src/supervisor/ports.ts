import { createServer } from "node:net";

export type PortName = "portal" | "worker" | "postgres" | "salesforce" | "stripe";

export const USUAL_PORTS: Readonly<Record<PortName, number>> = {
  portal: 3000,
  worker: 4000,
  postgres: 5433,
  salesforce: 4010,
  stripe: 4020,
};

const HIGHEST_PORT = 65_535;
const MOST_TRIES = 200;

/** Gives each name its wanted port, or the next one that is free and not given to another name. */
export async function choosePorts(
  wanted: Readonly<Record<PortName, number>>,
  isFree: (port: number) => Promise<boolean>,
): Promise<{ readonly ports: Readonly<Record<PortName, number>>; readonly moved: readonly PortName[] }> {
  const ports = { ...wanted };
  const given = new Set<number>();
  for (const name of Object.keys(wanted) as PortName[]) {
    let port = wanted[name];
    while (given.has(port) || !(await isFree(port))) {
      port += 1;
      if (port > HIGHEST_PORT || port > wanted[name] + MOST_TRIES) {
        throw new Error(
          `no free port for ${name} from ${wanted[name]} on: stop what holds them or choose another --port`,
        );
      }
    }
    given.add(port);
    ports[name] = port;
  }
  return { ports, moved: (Object.keys(wanted) as PortName[]).filter((name) => ports[name] !== wanted[name]) };
}

/** Whether this machine would let us listen there, on the loopback and on every address. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, "127.0.0.1")) && (await canListen(port, "0.0.0.0"));
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
