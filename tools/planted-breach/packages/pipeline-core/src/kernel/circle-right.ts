import { left } from "./circle-left.ts";
export const right = (): unknown => left;
