import { right } from "./circle-right.ts";
export const left = (): unknown => right;
