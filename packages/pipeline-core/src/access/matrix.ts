export const ROLES = ["analyst", "data-engineer", "privacy-officer", "data-owner", "platform-engineer"] as const;
export type Role = (typeof ROLES)[number];

export const ACTIONS = [
  "home.view",
  "catalog.view",
  "dataset.view",
  "dataset.sample",
  "dataset.sample-unmasked",
  "lineage.view",
  "checks.view",
  "sources.view",
  "sources.view-errors",
  "sources.check",
  "sources.steer",
  "drift.settle",
  "quarantine.view",
  "quarantine.replay",
  "runs.view",
  "runs.view-log",
  "runs.run",
  "runs.cancel",
  "runs.retry",
  "runs.mark",
  "datasets.roll-back",
  "pipelines.pause",
  "pools.change",
  "backfills.view",
  "backfills.run",
  "cost.view",
  "query.run",
  "query.view-any",
  "audit.view",
  "profile.view",
  "profile.edit",
] as const;
export type Action = (typeof ACTIONS)[number];

const EVERYONE: readonly Role[] = ROLES;
const ENGINEERS: readonly Role[] = ["data-engineer", "platform-engineer"];

/** The declared role × action matrix. Every procedure and endpoint authorises against this table and nothing else. */
export const MATRIX: Record<Action, readonly Role[]> = {
  "home.view": EVERYONE,
  "catalog.view": EVERYONE,
  "dataset.view": EVERYONE,
  "dataset.sample": EVERYONE,
  // Personal data in the clear also needs a grant on the dataset; see `mayReadUnmasked`.
  "dataset.sample-unmasked": EVERYONE,
  "lineage.view": EVERYONE,
  "checks.view": EVERYONE,
  "sources.view": EVERYONE,
  "sources.view-errors": ENGINEERS,
  "sources.check": ENGINEERS,
  // Pausing a table lets its datasets grow old; resyncing it reads it whole from the source.
  "sources.steer": ENGINEERS,
  // What a stream's dataset looks like from then on; may read a table whole from the source.
  "drift.settle": ENGINEERS,
  "quarantine.view": ["data-engineer", "platform-engineer", "privacy-officer"],
  "quarantine.replay": ENGINEERS,
  "runs.view": EVERYONE,
  "runs.view-log": ["data-engineer", "platform-engineer", "data-owner"],
  "runs.run": ENGINEERS,
  "runs.cancel": ENGINEERS,
  "runs.retry": ENGINEERS,
  // What comes after goes on over rows that were not written.
  "runs.mark": ENGINEERS,
  // Readers see older rows from then on; releasing the dataset again is the same right.
  "datasets.roll-back": ENGINEERS,
  "pipelines.pause": ENGINEERS,
  // How much of one kind runs at once, for everybody.
  "pools.change": ENGINEERS,
  "backfills.view": EVERYONE,
  // Planning is looking, yet it counts partitions in the lake: both are for those who may submit.
  "backfills.run": ENGINEERS,
  // Who is charged for what; what one dataset costs stands with its runs.
  "cost.view": ["data-engineer", "data-owner", "platform-engineer"],
  "query.run": EVERYONE,
  "query.view-any": ["platform-engineer"],
  "audit.view": ["platform-engineer", "privacy-officer"],
  "profile.view": EVERYONE,
  // One's own settings, nobody else's.
  "profile.edit": EVERYONE,
};

export function may(role: Role, action: Action): boolean {
  return MATRIX[action].includes(role);
}
