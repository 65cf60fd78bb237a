import { setTimeout as pause } from "node:timers/promises";

const LINES_A_BATCH = 10;
const RETRY_MS = 100;

/** A sender that, like a real one, repeats a batch under the same id until it is acknowledged, then sends the next. */
export class LogSender {
  /** Lines of acknowledged batches. */
  acknowledged = 0;
  /** Lines of all batches ever begun; equal to `acknowledged` after `stop`. */
  sent = 0;
  private stopped = false;
  private abandoned = false;
  private running: Promise<void> = Promise.resolve();
  private readonly url: string;
  private readonly token: string;

  constructor(workerUrl: string, token: string) {
    this.url = `${workerUrl}/intake/logs`;
    this.token = token;
  }

  /** Begins, or goes on after `stop`. */
  start(): void {
    this.stopped = false;
    this.running = this.loop();
  }

  /** Ends without waiting for anyone: nobody takes the batch under way any more. */
  abandon(): void {
    this.abandoned = this.stopped = true;
  }

  /** Ends after the batch under way is acknowledged. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async loop(): Promise<void> {
    while (!this.stopped) {
      const lines = Array.from({ length: LINES_A_BATCH }, () => this.line());
      const batchId = `kill-test-${this.sent}`;
      while (!(await this.accepted(batchId, lines.join("\n")))) {
        if (this.abandoned) return;
        await pause(RETRY_MS);
      }
      this.acknowledged += LINES_A_BATCH;
      await pause(RETRY_MS / 10);
    }
  }

  private line(): string {
    this.sent += 1;
    return JSON.stringify({
      ts: "2026-06-01T12:00:00.000Z",
      service: "checkout",
      level: "info",
      message: `line ${this.sent}`,
      attributes: {},
      trace_id: "",
      span_id: "",
    });
  }

  private async accepted(batchId: string, body: string): Promise<boolean> {
    try {
      const response = await fetch(this.url, {
        method: "POST",
        headers: {
          authorization: `Bearer ${this.token}`,
          "content-type": "application/x-ndjson",
          "x-batch-id": batchId,
        },
        body,
      });
      if (response.status >= 400 && response.status < 500 && response.status !== 429)
        throw new Error(`batch ${batchId} was refused: ${response.status} ${await response.text()}`);
      return response.ok;
    } catch (error) {
      // The worker is dead or dying: that is what this test is about.
      if (error instanceof TypeError) return false;
      throw error;
    }
  }
}
