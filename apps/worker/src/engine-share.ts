/** The engine's share of the worker's memory; what does not fit spills. */
export const ENGINE_MEMORY = "550MB";

/**
 * Threads that work on one query, so that the refresh of a large table ends soon. Beside other queries the second one is worth
 * little: at peak an order is in curated as late with one thread as with two, for DuckDB's calling thread polls while another
 * one ends the last part of its query.
 */
export const ENGINE_THREADS = 2;
