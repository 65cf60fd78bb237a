import { createHash } from "node:crypto";
import { type OrgFault, type OrgRecord, startTestOrg, type TestOrg } from "@nova/engines/salesforce/testing";
import { SALESFORCE_OBJECTS } from "../src/capture/capture-config.ts";
import { between, type Random } from "./random.ts";
import { Repeated } from "./repeated.ts";

const PAUSE_MS = 50;
const RECORDS_AT_START = 400;
/**
 * The org stays this small however long the list of faults is: an object that grows takes longer to read again at each of
 * them, more records come meanwhile, and on a slow machine no wait is long enough any more.
 */
const MOST_RECORDS = 800;
/** So small that reading an object again takes many pages. */
const PAGE_RECORDS = 25;
/** Calls of a day; chaos is about other things than the budget. */
const CALLS = 10_000_000;
/** Among the objects that are captured, the one whose records change. */
export const CHANGING = SALESFORCE_OBJECTS[0];

/** An org whose records of one object are made, changed and deleted all the time. */
export class SalesforceSource {
  private readonly org: TestOrg;
  private readonly random: Random;
  private changes = 0;
  private readonly traffic = new Repeated(async () => this.change(), PAUSE_MS);

  private constructor(org: TestOrg, random: Random) {
    this.org = org;
    this.random = random;
  }

  static async start(random: Random): Promise<SalesforceSource> {
    const org = await startTestOrg(SALESFORCE_OBJECTS);
    org.limit = CALLS;
    org.pageRecords = PAGE_RECORDS;
    org.records = Array.from({ length: RECORDS_AT_START }, (_, index) => recordOf(index, index));
    return new SalesforceSource(org, random);
  }

  get env(): Record<string, string> {
    return {
      SALESFORCE_LOGIN_URL: this.org.url,
      SALESFORCE_CLIENT_ID: "chaos",
      SALESFORCE_CLIENT_SECRET: "chaos",
      SALESFORCE_USERNAME: "chaos",
      SALESFORCE_PASSWORD: "chaos",
    };
  }

  /** What calls are answered with; null = as they should be. */
  answerWith(fault: OrgFault | null): void {
    this.org.fail = () => fault;
  }
  expireSessions(): void {
    this.org.expireSessions();
  }
  /** Every place in the results of bulk jobs is refused from here on. */
  loseLocators(): void {
    this.org.loseLocators();
  }
  /** Pages of bulk results that were asked for so far. */
  get pages(): number {
    return this.org.calls.filter((call) => call.includes("/results")).length;
  }

  start(): void {
    this.traffic.start();
  }
  stop(): Promise<void> {
    return this.traffic.stop();
  }
  close(): Promise<void> {
    return this.org.close();
  }

  get made(): number {
    return this.changes;
  }

  /** [live records, checksum of their ids and amounts] */
  truth(): string[] {
    const live = this.org.records
      .filter((record) => !record.IsDeleted)
      .map(({ Id, Amount }) => `${Id}:${Amount?.toFixed(2)}`);
    return [String(live.length), createHash("md5").update(live.sort().join(",")).digest("hex")];
  }

  readonly lakeSql = `SELECT count(*), md5(string_agg(id || ':' || amount, ',' ORDER BY id)) FROM staged.salesforce__${CHANGING.toLowerCase()} WHERE _deleted_at IS NULL`;

  private change(): void {
    const { records } = this.org;
    this.changes += 1;
    const at = between(this.random, 0, records.length - 1);
    const chosen = records[at];
    // Jobs hold the records they began with: a change is another record in the same place. A deleted one comes back by it.
    if (this.changes % 3 === 0 && records.length < MOST_RECORDS) records.push(recordOf(records.length, this.changes));
    else if (chosen !== undefined) {
      const IsDeleted = chosen.IsDeleted ? this.changes % 4 !== 0 : this.changes % 10 === 1;
      records[at] = { ...recordOf(at, this.changes), IsDeleted };
    }
  }
}

function recordOf(number: number, amount: number): OrgRecord {
  return {
    Id: `001${String(number).padStart(12, "0")}`,
    Name: `Account ${number}`,
    Amount: amount + 0.25,
    IsDeleted: false,
    SystemModstamp: new Date().toISOString(),
  };
}
