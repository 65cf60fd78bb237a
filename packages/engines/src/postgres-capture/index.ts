export { postgresConnector, type PostgresConnectorOptions } from "./connector.ts";
