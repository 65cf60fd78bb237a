export const server = "a test server";
