/** A check that found something: what it found, and the command or the act that mends it. */
export class CheckFailure extends Error {
  constructor(found, fix) {
    super(found);
    this.name = "CheckFailure";
    this.fix = fix;
  }
}
