export { intakeFigures } from "./intake-figures.ts";
export { registerLogIntake } from "./log-routes.ts";
export { registerDoors } from "./register-doors.ts";
export { registerStripeWebhook } from "./stripe-routes.ts";
