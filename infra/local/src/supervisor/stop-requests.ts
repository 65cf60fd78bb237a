/** npm passes a Ctrl-C on that the terminal sent to its whole group already: what follows this soon is the same one. */
const ECHO_MILLIS = 1_000;

/** What a person asks for by signals: the first stops everything in order, a later one kills everything at once. */
export interface StopRequests {
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  /** One signal came, at `nowMillis` of a clock that only goes forward. */
  readonly signalled: (nowMillis: number) => void;
  /** Whoever started this is gone. Never kills: nobody is there to lose patience. */
  readonly abandoned: (nowMillis: number) => void;
}

export function createStopRequests(): StopRequests {
  const stop = new AbortController();
  const kill = new AbortController();
  let firstAt: number | undefined;
  const begin = (nowMillis: number) => {
    firstAt ??= nowMillis;
    stop.abort();
  };
  return {
    stop: stop.signal,
    kill: kill.signal,
    signalled(nowMillis) {
      if (firstAt === undefined) begin(nowMillis);
      else if (nowMillis - firstAt > ECHO_MILLIS) kill.abort();
    },
    abandoned: begin,
  };
}
