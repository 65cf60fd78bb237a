import type { Clock } from "@nova/pipeline-core/kernel";

export interface Phases {
  /** Ends the phase that began with the last call and gives it its name. */
  end(name: string): void;
  readonly list: { readonly name: string; readonly ms: number }[];
}

/** Measures what a step spends its time on. */
export function startPhases(clock: Clock): Phases {
  const list: { name: string; ms: number }[] = [];
  let since = clock.now().getTime();
  return {
    list,
    end(name) {
      const now = clock.now().getTime();
      list.push({ name, ms: now - since });
      since = now;
    },
  };
}
