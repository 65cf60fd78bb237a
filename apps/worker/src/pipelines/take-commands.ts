import { carryOut } from "./carry-out.ts";
import type { PipelineContext } from "./context.ts";

export interface CommandTaker {
  /** Says that commands may wait. Cheap; what waits is taken one by one and carried out side by side. */
  notify(): void;
  /** Ends when everything that was begun has ended. */
  settled(): Promise<void>;
}

/** Takes commands when told to, never by looking again and again. `guard` reports what went wrong. */
export function createCommandTaker(
  context: PipelineContext,
  guard: (name: string, work: () => Promise<void>) => Promise<void>,
): CommandTaker {
  const underWay = new Set<Promise<void>>();
  const track = (work: Promise<void>): void => {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  };
  let asked = false;
  let taking = false;

  async function take(): Promise<void> {
    while (asked && !context.stopping.aborted) {
      asked = false;
      try {
        await takeAll();
      } catch (error) {
        // What was not taken is not announced a second time.
        asked = true;
        throw error;
      }
    }
  }

  async function takeAll(): Promise<void> {
    for (;;) {
      const command = await context.commands.take(context.epoch);
      if (command === null) break;
      const background = (run: Promise<void>): void => track(guard(`run asked by ${command.requestedBy}`, () => run));
      track(guard(`command ${command.request.kind}`, () => carryOut(context, command, background)));
    }
  }

  function begin(): void {
    if (taking || context.stopping.aborted) return;
    taking = true;
    track(
      guard("taking commands", take).finally(() => {
        taking = false;
        if (asked) begin();
      }),
    );
  }

  return {
    notify() {
      asked = true;
      begin();
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}
