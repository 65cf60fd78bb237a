/** Tabs of the runs list. `running` holds queued runs too. */
export const RUN_TABS = ["all", "running", "failed", "succeeded", "cancelled"] as const;
export type RunTab = (typeof RUN_TABS)[number];
