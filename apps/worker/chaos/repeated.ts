import { setTimeout as pause } from "node:timers/promises";

/** Work that is done again and again between start and stop. */
export class Repeated {
  private readonly work: () => Promise<void>;
  private readonly pauseMillis: number;
  private stopped = true;
  private running: Promise<void> = Promise.resolve();

  constructor(work: () => Promise<void>, pauseMillis: number) {
    this.work = work;
    this.pauseMillis = pauseMillis;
  }

  start(): void {
    this.stopped = false;
    this.running = this.loop();
  }

  /** Ends when the last piece has ended; throws what ended it before. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      await this.work();
      await pause(this.pauseMillis);
    }
  }
}
