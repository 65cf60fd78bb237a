import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import { until } from "../measured.ts";
import type { ChangeReader } from "./change-reader.ts";
import { missing } from "./installed.ts";
import { mustEqual, orderNumbers } from "./order-numbers.ts";
import { startPeer } from "./peer-process.ts";
import { currentLsn, dropSlot, hasConfirmed, isRead, makeSlot, PUBLICATION } from "./slot.ts";

const SLOT = "bench_pg_recvlogical";
const NAME = "pg_recvlogical";

/**
 * PostgreSQL's own client for logical decoding: the messages of pgoutput go into a file as they come. It looks at none of
 * them, so nothing that reads changes is cheaper. It says each second how far the file is synced.
 */
export async function pgRecvlogical(source: pg.Client, url: string, folder: string): Promise<ChangeReader | string> {
  if (missing(NAME).length > 0) return `${NAME} is left out: it is not on this machine (package postgresql-client)`;
  const { hostname, port, username, password, pathname } = new URL(url);
  const connection = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password };
  const output = join(folder, "pgoutput");
  return {
    name: NAME,
    source,
    begin: () => makeSlot(source, SLOT),
    async start() {
      await writeFile(output, "");
      const written = orderNumbers(output);
      const options = ["proto_version=1", `publication_names=${PUBLICATION}`].flatMap((option) => ["-o", option]);
      const peer = startPeer(
        NAME,
        ["-d", pathname.slice(1), "-S", SLOT, "--start", "-f", output, "-s", "1", "-F", "1", ...options],
        connection,
      );
      await until(`${NAME} to read`, () => {
        peer.assertRuns();
        return isRead(source, SLOT);
      });
      return {
        pid: peer.pid,
        stages: [
          {
            wrote: "pgoutput's bytes, not looked at, in a file",
            async holds({ changes }) {
              peer.assertRuns();
              return written().count >= changes;
            },
          },
        ],
        check: async ({ changes, keys }) => mustEqual(NAME, written(), { count: changes, sum: keys }),
        async stop() {
          // It confirms by the clock alone, not when it ends.
          const lsn = await currentLsn(source);
          await until(`${NAME} to confirm`, () => hasConfirmed(source, SLOT, lsn));
          await peer.stop();
          await until(`the end of ${NAME}`, async () => !(await isRead(source, SLOT)));
          await rm(output, { force: true });
        },
      };
    },
    end: () => dropSlot(source, SLOT),
  };
}
