/** Contract suites: every catalog and every storage passes them, the in-memory ones included. For tests only. */
export { catalogContract, type CatalogUnderTest } from "./catalogs/catalog-contract.ts";
export { storageContract, type StorageUnderTest } from "./storage/storage-contract.ts";
