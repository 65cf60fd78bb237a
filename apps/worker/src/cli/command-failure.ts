/** `failed`: it was tried and did not work; `usage`: it was asked wrongly; `nothing-runs`: there is no platform to ask. */
export const EXIT = { ok: 0, failed: 1, usage: 2, "nothing-runs": 3 } as const;

/** Ends the command with its exit code; the message is all a person sees. */
export class CommandFailure extends Error {
  readonly exit: number;

  constructor(exit: keyof typeof EXIT, message: string) {
    super(message);
    this.name = "CommandFailure";
    this.exit = EXIT[exit];
  }
}
