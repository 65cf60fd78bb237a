import type { Logger } from "@nova/pipeline-core/kernel";
import pg from "pg";

export const COMMAND_CHANNEL = "nova_commands";
const RECONNECT_MILLIS = 1_000;

export interface CommandFeed {
  stop(): Promise<void>;
}

/**
 * Calls `onCommand` once connected (commands may wait already), at every new command, and after each reconnect: a
 * connection that was lost may have missed some. Never polls.
 */
export function listenForCommands(connectionString: string, onCommand: () => void, logger: Logger): CommandFeed {
  let stopped = false;
  let client: pg.Client | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const again = (error: unknown): void => {
    client = null;
    if (stopped || timer !== undefined) return;
    logger.warn("the connection that listens for commands broke; it is opened again", { error });
    timer = setTimeout(() => {
      timer = undefined;
      void connect();
    }, RECONNECT_MILLIS);
  };

  async function connect(): Promise<void> {
    const opened = new pg.Client({ connectionString, application_name: "nova-worker-commands", keepAlive: true });
    client = opened;
    opened.on("error", again);
    opened.on("notification", onCommand);
    try {
      await opened.connect();
      await opened.query(`LISTEN ${COMMAND_CHANNEL}`);
      if (!stopped) onCommand();
    } catch (error) {
      await opened.end().catch(() => undefined);
      again(error);
    }
  }

  const first = connect();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await first;
      await client?.end();
    },
  };
}
