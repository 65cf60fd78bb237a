import type { DatasetName } from "../catalog/index.ts";
import type { ErrorKind } from "../kernel/index.ts";
import type { Scanned } from "../lakehouse/index.ts";
import type { Principal } from "./grants.ts";
import type { Role } from "./matrix.ts";

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly title: string;
  /** IANA name; times are shown in it. */
  readonly timeZone: string;
  /** May sign in without a password where the demo sign-in is on. */
  readonly demo: boolean;
}

/** People who may sign in. Read-only here: people come from the identity provider or the demo seed. */
export interface UserStore {
  /** The e-mail is compared without case. */
  findByEmail(email: string): Promise<Person | null>;
  findById(id: string): Promise<Person | null>;
  demoPeople(): Promise<Person[]>;
  /** First sign-in through the identity provider: made with the role given; later ones update name only. Idempotent. */
  signIn(person: { email: string; name: string; role: Role }): Promise<Person>;
}

export interface GrantStore {
  /** The person with every grant that has not run out; null when the person is not known. */
  principal(userId: string): Promise<Principal | null>;
}

export interface AuditEntry {
  /** E-mail of the person, or the part of the platform that acted. */
  readonly actor: string;
  readonly action: string;
  readonly resource: string;
  /** Facts worth keeping; never secrets or rows. */
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Append-only; success means durable. Not idempotent. */
export interface AuditStore {
  append(entry: AuditEntry): Promise<void>;
}

export type QueryState = "running" | "succeeded" | "failed" | "cancelled";

export interface QueryRecord {
  readonly id: string;
  readonly userId: string | null;
  readonly actor: string;
  readonly sql: string;
  readonly datasets: readonly DatasetName[];
}

export interface QueryOutcome {
  readonly state: Exclude<QueryState, "running">;
  readonly rows: number;
  readonly bytes: number;
  readonly error: { readonly kind: ErrorKind; readonly message: string } | null;
  /** What it scanned, by dataset; empty when it did not run. */
  readonly scanned: ReadonlyMap<DatasetName, Scanned>;
}

/** The record of queries by people. */
export interface QueryStore {
  /** Writes the query and its audit entry in one transaction; nothing runs before it is on record. */
  start(query: QueryRecord): Promise<void>;
  /** Also counts a succeeded query toward the popularity of its datasets. A second call changes nothing. */
  finish(id: string, outcome: QueryOutcome): Promise<void>;
  /** Marks what a dead worker left running as failed; returns how many. */
  closeAbandoned(): Promise<number>;
}
