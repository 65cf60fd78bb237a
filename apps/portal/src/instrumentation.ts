/** Runs once when the server starts. */
export async function register(): Promise<void> {
  // Written out here because the bundler drops the branch for other runtimes only when it sees the variable itself.
  // eslint-disable-next-line node/no-process-env
  if (process.env["NEXT_RUNTIME"] === "nodejs") {
    const { checkEnvironment } = await import("./instrumentation-node.ts");
    checkEnvironment();
  }
}
