import { PlatformError } from "@nova/pipeline-core/kernel";
import type { GateAnswer } from "@nova/pipeline-core/orchestration";
import type { CompiledModel } from "../sql/index.ts";
import { type Lake, withScratch } from "./lake.ts";
import { type InputContracts, inputSql, pinInputs, showInput } from "./model-inputs.ts";
import { namedIn } from "./probe-dataset.ts";
import { rowsOf } from "./rows.ts";

/** More days than anybody waits for; the newest count. */
const MOST_DAYS = 4_000;

/** Asks the check of a model's gate of its inputs as they are now; `GateAnswer` says what comes back. */
export async function askGate(lake: Lake, model: CompiledModel, contracts: InputContracts): Promise<GateAnswer[]> {
  const { file, gateCheck } = model;
  const check = file.header.gate?.check;
  if (check === undefined || gateCheck === null)
    throw new PlatformError("model-invalid", `${file.path}: the gate of ${file.name} has no check`);
  const pinned = await pinInputs(lake, model, new Map(), contracts);
  return withScratch(lake, async (connection) => {
    for (const input of pinned) {
      await showInput(connection, input.input.name, await inputSql(input), false);
      if (input.table !== null) lake.meters.narrow(input.table, namedIn(check.query, input.table));
    }
    const { meters } = lake;
    if (check.per === "day")
      return rowsOf<GateAnswer>(
        connection,
        meters.tagged(`SELECT CAST(CAST(day AS date) AS varchar) AS day, coalesce(CAST(value AS double), 0) AS value
          FROM (${gateCheck}) AS answer(day, value) WHERE day IS NOT NULL ORDER BY 1 DESC LIMIT ${MOST_DAYS}`),
      );
    return rowsOf<GateAnswer>(
      connection,
      meters.tagged(
        `SELECT NULL AS day, coalesce(CAST(value AS double), 0) AS value FROM (${gateCheck}) AS answer(value) LIMIT 1`,
      ),
    );
  });
}
