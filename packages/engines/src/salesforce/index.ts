export { salesforceConnector, type SalesforceConnectorOptions } from "./connector.ts";
export type { SalesforceCredentials } from "./session.ts";
