export { PACE, type Pace, type PipelineDeps } from "./context.ts";
export { type Definitions, loadDefinitions } from "./definitions.ts";
export { type Pipelines, startPipelines } from "./start-pipelines.ts";
