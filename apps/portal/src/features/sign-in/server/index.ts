export { signInChoices } from "./choices.ts";
