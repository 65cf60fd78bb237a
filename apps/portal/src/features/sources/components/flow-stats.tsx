"use client";

import type { SourceFlow } from "@nova/db/read-models";
import { judgeSlot } from "@nova/pipeline-core/connectors";
import { Stat, StatRow } from "@/ui/card.tsx";
import { formatBytes, formatCompact, formatCount, formatDuration, formatRate } from "@/ui/format.ts";
import { Timestamp } from "@/ui/timestamp.tsx";
import { BREAKER_PART_WORDS, BREAKER_STATE_WORDS, worstBreaker } from "../breaker-words.ts";
import { NextTry } from "./breaker-banner.tsx";

/** A source in numbers: what flows, how far behind it is, what went wrong. */
export function FlowStats({ source }: { readonly source: SourceFlow }) {
  return (
    <StatRow label="Flow now">
      <Stat label="Rows per second" value={formatRate(source.rowsPerSecond)} note="over the last minute" />
      <Stat
        label="Lag"
        value={source.lagSeconds === null ? "unknown" : formatDuration(source.lagSeconds)}
        note={source.lagBytes === null ? "newest change to committed" : `${formatBytes(source.lagBytes)} waiting`}
      />
      <KeptLog source={source} />
      <Stat
        label="Last event"
        value={<Timestamp at={source.lastEventAt} absent="none yet" />}
        note={
          <>
            data through <Timestamp at={source.dataThrough} absent="not known" />
          </>
        }
      />
      <Stat
        label="Errors, last hour"
        value={formatCount(source.errorsLastHour)}
        note={`${formatCompact(source.errorCount)} all time`}
        tone={source.errorsLastHour > 0 ? "bad" : undefined}
      />
      <Stat
        label="In quarantine"
        value={formatCount(source.quarantined)}
        note="last 24 hours"
        tone={source.quarantined > 0 ? "warn" : undefined}
      />
      <BreakerStat source={source} />
      <Stat label="Taken in" value={formatCompact(source.totalRows)} note={`rows, ${formatBytes(source.totalBytes)}`} />
    </StatRow>
  );
}

/** What of the source is left alone for a while; that nothing is, most of the time. */
function BreakerStat({ source }: { readonly source: SourceFlow }) {
  const breaker = worstBreaker(source.breakers);
  if (breaker === null) return <Stat label="Circuit breakers" value="Closed" note="none is open" />;
  const { label, tone } = BREAKER_STATE_WORDS[breaker.state];
  return (
    <Stat
      label="Circuit breakers"
      value={label}
      note={
        <>
          {BREAKER_PART_WORDS[breaker.part]}: next try <NextTry breaker={breaker} />
        </>
      }
      tone={tone}
    />
  );
}

/** Log that the source keeps on its disk for us; nothing where there is no such thing. */
function KeptLog({ source }: { readonly source: SourceFlow }) {
  const verdict = judgeSlot(source.retainedBytes, source.slotState);
  if (verdict === null) return null;
  const tone = { ok: undefined, warning: "warn", wrong: "bad" } as const;
  return (
    <Stat
      label="Log kept for us"
      value={source.retainedBytes === null ? "unknown" : formatBytes(source.retainedBytes)}
      note={`slot ${source.slotState ?? "unknown"}`}
      tone={tone[verdict]}
    />
  );
}
