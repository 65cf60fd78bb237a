export { type Persona, signInChoices } from "./choices.ts";
