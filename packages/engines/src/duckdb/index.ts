export { openLakeEngine, type LakeEngineOptions } from "./open-lake-engine.ts";
export type { InputContracts } from "./model-inputs.ts";
