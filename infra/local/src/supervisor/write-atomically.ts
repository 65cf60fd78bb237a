import { rename, writeFile } from "node:fs/promises";

/** A reader sees the old file or the new one, never half of one. */
export async function writeAtomically(path: string, value: unknown, mode = 0o644): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  await writeFile(draft, `${JSON.stringify(value, null, 2)}\n`, { mode });
  await rename(draft, path);
}
