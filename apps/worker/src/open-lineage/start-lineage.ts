import { join, resolve } from "node:path";
import type { OpenLineageOrigin } from "@nova/pipeline-core/lineage";
import type { WorkerEnv } from "../env.ts";
import { createEmitter, type EmitterDeps, type LineageEmitter } from "./emit-events.ts";

/** Names this code in events. */
const PRODUCER = "https://novaretail.example/data-platform/worker";

type LineageEnv = Pick<
  WorkerEnv,
  "NOVA_SPOOL_DIR" | "OPENLINEAGE_URL" | "OPENLINEAGE_API_KEY" | "OPENLINEAGE_NAMESPACE"
>;

/** Lineage events as an environment wants them: files beside the spool, and the endpoint if one is named. */
export function startLineage(
  env: LineageEnv,
  deps: Pick<EmitterDeps, "clock" | "logger" | "count">,
): LineageEmitter & { readonly origin: OpenLineageOrigin } {
  const { OPENLINEAGE_URL: base, OPENLINEAGE_API_KEY: apiKey } = env;
  const emitter = createEmitter({
    ...deps,
    dir: join(resolve(env.NOVA_SPOOL_DIR), "..", "openlineage"),
    endpoint: base === undefined ? null : { url: `${base.replace(/\/+$/, "")}/api/v1/lineage`, apiKey: apiKey ?? null },
    jitter: Math.random,
  });
  return { ...emitter, origin: { namespace: env.OPENLINEAGE_NAMESPACE, producer: PRODUCER } };
}
