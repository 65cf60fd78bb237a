import type { UserStore } from "@nova/pipeline-core/access";
import { datasetNameSchema } from "@nova/pipeline-core/catalog";
import { PlatformError } from "@nova/pipeline-core/kernel";
import {
  COMMAND_ACTION,
  commandRequestSchema,
  type CommandStore,
  type Explanation,
  type GateState,
  type PoolState,
} from "@nova/pipeline-core/orchestration";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { askingPerson } from "../asking-person.ts";
import { parseInput } from "../errors.ts";

export interface CommandRouteDeps {
  readonly commands: Pick<CommandStore, "request" | "find">;
  readonly explain: (dataset: string) => Explanation | Promise<Explanation>;
  readonly pools: () => readonly PoolState[];
  readonly gates: () => readonly GateState[];
  readonly users: Pick<UserStore, "findByEmail">;
}

const askSchema = z.strictObject({
  request: commandRequestSchema,
  /** The same key is the same command, however often it is sent. */
  key: z
    .string("must be a text")
    .min(8, "must have at least 8 characters")
    .max(200, "must have at most 200 characters"),
  /** For whom; without it for the operator. */
  email: z.email("must be an e-mail address").optional(),
});
const idSchema = z.object({ id: z.uuid("must be a command's id") });
const whySchema = z.object({ dataset: datasetNameSchema });

/**
 * Commands from the command line, behind the worker's bearer token: `POST /internal/commands`, `GET /internal/commands/:id`,
 * `GET /internal/why?dataset=`, `GET /internal/pools`, `GET /internal/gates`. The right to a command is looked up here and never taken from the caller.
 */
export function registerCommandRoutes(
  app: FastifyInstance,
  { commands, explain, pools, gates, users }: CommandRouteDeps,
): void {
  app.post("/commands", async (request, reply) => {
    const { request: wanted, key, email } = parseInput(askSchema, request.body);
    const actor = await askingPerson(users, email, COMMAND_ACTION[wanted.kind]);
    return reply.status(202).send(await commands.request(wanted, { actor, key }));
  });
  app.get("/commands/:id", async (request) => {
    const { id } = parseInput(idSchema, request.params);
    const command = await commands.find(id);
    if (command === null) throw new PlatformError("not-found", `command ${id} is not known`);
    return command;
  });
  app.get("/why", (request) => Promise.resolve(explain(parseInput(whySchema, request.query).dataset)));
  app.get("/pools", () => Promise.resolve(pools()));
  app.get("/gates", () => Promise.resolve(gates()));
}
