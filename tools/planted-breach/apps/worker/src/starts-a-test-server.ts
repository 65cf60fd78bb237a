import { server } from "../../../packages/test-postgres/src/index.ts";

export const started = server;
