/** The data folder the launcher names; `--data-dir` wins over it. */
export function dataDirFromEnv(): string {
  return process.env["NOVA_DATA_DIR"] ?? ".nova";
}
