import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { writeAtomically } from "./write-atomically.ts";

const OWNER_ONLY = 0o600;

const kept = z.object({
  postgresPassword: z.string().min(16),
  internalToken: z.string().min(16),
  nextAuthSecret: z.string().min(32),
  salesforceClientId: z.string().min(8),
  salesforceClientSecret: z.string().min(16),
  salesforceUsername: z.string().min(3),
  salesforcePassword: z.string().min(16),
  stripeApiKey: z.string().startsWith("sk_test_"),
  stripeWebhookSecret: z.string().startsWith("whsec_"),
  logIntakeToken: z.string().min(16),
});

/** Made at the first start and kept with the data: the databases and the sources know them. */
export type Secrets = z.infer<typeof kept>;

/** The addresses that carry a password, for the CLI and tests on this machine. */
export interface Addresses {
  readonly databaseUrl: string;
  readonly ordersDbUrl: string | undefined;
  readonly workerUrl: string;
  readonly portalUrl: string;
}

const file = (dataDir: string) => join(dataDir, "secrets.json");

export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const text = await readFile(file(dataDir), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text !== undefined) return kept.parse(JSON.parse(text));
  const made = makeSecrets();
  await writeAtomically(file(dataDir), made, OWNER_ONLY);
  return made;
}

/** Writes the secrets again with the addresses of this run beside them. Mode 0600. */
export function saveAddresses(dataDir: string, secrets: Secrets, addresses: Addresses): Promise<void> {
  return writeAtomically(file(dataDir), { ...secrets, ...addresses }, OWNER_ONLY);
}

function makeSecrets(): Secrets {
  const word = () => randomBytes(24).toString("base64url");
  return {
    postgresPassword: word(),
    internalToken: word(),
    nextAuthSecret: randomBytes(48).toString("base64url"),
    salesforceClientId: `nova-${randomBytes(8).toString("hex")}`,
    salesforceClientSecret: word(),
    salesforceUsername: "integration@novaretail.example",
    salesforcePassword: word(),
    stripeApiKey: `sk_test_${randomBytes(24).toString("hex")}`,
    stripeWebhookSecret: `whsec_${randomBytes(24).toString("hex")}`,
    logIntakeToken: word(),
  };
}
