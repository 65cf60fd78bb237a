export { loadDefinitions } from "./definitions.ts";
export { type Pipelines, startPipelines } from "./start-pipelines.ts";
