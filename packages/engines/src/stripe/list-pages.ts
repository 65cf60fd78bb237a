import { abortable } from "@nova/pipeline-core/kernel";
import type { EnvelopeBatch } from "@nova/pipeline-core/lakehouse";
import type Stripe from "stripe";

const PAGE = 100;

/** Rows of some pages, and the last one of them as the place to go on behind; null when there was none. */
export interface ListedBatch {
  readonly batch: EnvelopeBatch;
  readonly last: string | null;
}

/** Where a page of one of Stripe's lists begins. */
export interface PageStart {
  readonly limit: number;
  readonly starting_after?: string;
}

/** Every page of one of Stripe's lists behind `from`, newest first, each asked for when the one before was taken. */
export async function* listPages<Listed extends { id: string }>(
  ask: (start: PageStart) => PromiseLike<Stripe.ApiList<Listed>>,
  signal: AbortSignal,
  from: string | null = null,
): AsyncGenerator<readonly Listed[]> {
  let after = from ?? undefined;
  for (;;) {
    const start = { limit: PAGE, ...(after === undefined ? {} : { starting_after: after }) };
    const page = await abortable(ask(start), signal);
    yield page.data;
    after = page.data.at(-1)?.id;
    if (!page.has_more || after === undefined) return;
  }
}
