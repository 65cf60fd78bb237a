import { claimDataDir } from "./supervisor/data-dir.ts";

// Run by tools/start.mjs when the supervisor was killed: stops what it could not stop itself. argv: data folder.
const giveBack = await claimDataDir(process.argv[2] ?? "", { fresh: false, say: (line) => console.log(line) });
await giveBack();
