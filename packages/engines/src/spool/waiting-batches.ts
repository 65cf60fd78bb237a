/** What a spool holds, by batch and by owner. */
export interface WaitingBatches {
  add(segment: number, batchId: string, owner: string, bytes: number): void;
  removeSegment(segment: number): void;
  holds(batchId: string): boolean;
  /** Bytes by owner; an owner without any is not in it. */
  readonly holders: ReadonlyMap<string, number>;
}

export function waitingBatches(): WaitingBatches {
  const batches = new Map<string, number>();
  const holders = new Map<string, number>();
  const segments = new Map<number, { readonly batchIds: string[]; readonly bytes: Map<string, number> }>();
  return {
    holders,
    holds: (batchId) => batches.has(batchId),
    add(segment, batchId, owner, bytes) {
      let held = segments.get(segment);
      if (held === undefined) segments.set(segment, (held = { batchIds: [], bytes: new Map() }));
      held.batchIds.push(batchId);
      batches.set(batchId, segment);
      if (bytes === 0) return;
      held.bytes.set(owner, (held.bytes.get(owner) ?? 0) + bytes);
      holders.set(owner, (holders.get(owner) ?? 0) + bytes);
    },
    removeSegment(segment) {
      const held = segments.get(segment);
      if (held === undefined) return;
      segments.delete(segment);
      // A batch that came again into a later segment waits there.
      for (const batchId of held.batchIds) if (batches.get(batchId) === segment) batches.delete(batchId);
      for (const [owner, bytes] of held.bytes) {
        const left = (holders.get(owner) ?? 0) - bytes;
        if (left > 0) holders.set(owner, left);
        else holders.delete(owner);
      }
    },
  };
}
