import { type Clock, type IdSource, PlatformError, type Transaction } from "../kernel/index.ts";
import { COMMAND_TRANSITIONS, type Command, type CommandEvent, commandFingerprint } from "./command.ts";
import type { Hold, Pause } from "./controls.ts";
import type { PoolChange } from "./pools.ts";
import type { CommandStore, ControlStore, RolledBack } from "./ports.ts";

type Stored = { -readonly [Key in keyof Command]: Command[Key] } & { epoch: bigint | null };

export interface MemoryCommandStore extends CommandStore {
  readonly commands: readonly Command[];
  /** One line per audit entry. */
  readonly audit: readonly string[];
}

/** `lease` gives the epoch that holds the lease; `onRequest` is what NOTIFY is in PostgreSQL. */
export function memoryCommandStore({
  clock,
  ids,
  lease,
  onRequest,
}: {
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly lease: () => bigint;
  readonly onRequest?: () => void;
}): MemoryCommandStore {
  const commands: Stored[] = [];
  const audit: string[] = [];
  const guard = (epoch: bigint): void => {
    if (epoch !== lease()) throw new PlatformError("stale-writer", `lease ${epoch} is no longer held`);
  };
  const apply = (command: Stored, event: CommandEvent): void => {
    const next = COMMAND_TRANSITIONS[command.state][event];
    if (next === null) throw new PlatformError("stale-writer", `command ${command.id} is ${command.state}`);
    command.state = next;
  };
  const shown = ({ epoch: _epoch, ...command }: Stored): Command => command;
  const settle: CommandStore["settle"] = async (id, epoch, outcome) => {
    guard(epoch);
    const command = commands.find((one) => one.id === id);
    if (command === undefined || command.epoch !== epoch)
      throw new PlatformError("stale-writer", `command ${id} was not taken under lease ${epoch}`);
    apply(command, outcome.state === "done" ? "finish" : "refuse");
    Object.assign(command, { message: outcome.message, runId: outcome.runId, settledAt: clock.now() });
  };
  return {
    commands,
    audit,
    async request(request, { actor, key }) {
      const fingerprint = commandFingerprint(request);
      const known = commands.find((one) => one.key === key);
      if (known !== undefined && commandFingerprint(known.request) !== fingerprint)
        throw new PlatformError("conflict", `key ${key} belongs to another command`);
      const open = commands.find(
        (one) => (one.state === "queued" || one.state === "taken") && commandFingerprint(one.request) === fingerprint,
      );
      const existing = known ?? open;
      if (existing !== undefined) return { command: shown(existing), created: false };
      const command: Stored = {
        id: ids.next(),
        request,
        requestedBy: actor,
        key,
        state: "queued",
        message: "",
        runId: null,
        createdAt: clock.now(),
        takenAt: null,
        settledAt: null,
        epoch: null,
      };
      commands.push(command);
      audit.push(`${actor} ${request.kind} ${request.target}`);
      onRequest?.();
      return { command: shown(command), created: true };
    },
    async take(epoch) {
      guard(epoch);
      const next = commands.find((one) => one.state === "queued" || (one.state === "taken" && one.epoch !== epoch));
      if (next === undefined) return null;
      apply(next, next.state === "queued" ? "take" : "take-over");
      Object.assign(next, { epoch, takenAt: clock.now() });
      return shown(next);
    },
    settle,
    settleWithin: (_tx, id, epoch, outcome) => settle(id, epoch, outcome),
    async find(id) {
      const command = commands.find((one) => one.id === id);
      return command === undefined ? null : shown(command);
    },
  };
}

export interface MemoryControlStore extends ControlStore {
  readonly rolledBack: readonly RolledBack[];
}

export function memoryControlStore(): MemoryControlStore {
  const pauses = new Map<string, Pause>();
  const holds = new Map<string, Hold>();
  const pools = new Map<string, PoolChange>();
  const rolledBack: RolledBack[] = [];
  const none: Transaction = { query: async () => ({ rows: [], rowCount: 0 }) };
  return {
    rolledBack,
    pauses: async () => [...pauses.values()],
    holds: async () => [...holds.values()],
    poolChanges: async () => [...pools.values()],
    within: (work) => work(none),
    async pause(_tx, _epoch, pause) {
      if (!pauses.has(pause.pipeline)) pauses.set(pause.pipeline, pause);
    },
    async resume(_tx, _epoch, pipeline) {
      pauses.delete(pipeline);
    },
    async rollBack(_tx, _epoch, to) {
      const { dataset, snapshotId, runId, by, at } = to;
      holds.set(dataset, { dataset, snapshotId, runId, by, at });
      rolledBack.push(to);
    },
    async release(_tx, _epoch, dataset) {
      holds.delete(dataset);
    },
    async setPool(_tx, _epoch, change) {
      pools.set(change.pool, change);
    },
    async resetPool(_tx, _epoch, pool) {
      pools.delete(pool);
    },
  };
}
