import { specOf, type Context } from "../context.ts";
import { encodeManifest } from "../manifest/manifest.ts";
import type { ManifestEntry, ManifestFile } from "../manifest/data-file.ts";
import { schemaById, type TableMetadata } from "../metadata/table-metadata.ts";

/** Files one commit attempt has written, so that a failed attempt can take them back. */
export interface AttemptFiles {
  /** Usable by the next attempt: they hold only what the change adds. */
  readonly reusable: Map<string, ManifestFile>;
  /** Worthless once the attempt has failed. */
  readonly written: string[];
}

/** Folder of a table's metadata files. */
export function metadataFolder(metadata: TableMetadata): string {
  return (metadata.properties["write.metadata.path"] ?? `${metadata.location}/metadata`).replace(/\/+$/, "");
}

/** Encodes and stores one manifest; its line has no sequence number yet. */
export async function storeManifest(
  context: Context,
  metadata: TableMetadata,
  input: { specId: number; content: 0 | 1; snapshotId: bigint; schemaId: number; entries: readonly ManifestEntry[] },
): Promise<ManifestFile> {
  const encoded = encodeManifest({
    ...input,
    spec: specOf(metadata, input.specId),
    schema: schemaById(metadata, input.schemaId),
  });
  const path = `${metadataFolder(metadata)}/${context.uuid()}-m0.avro`;
  await context.storage.create(path, encoded.bytes);
  return { ...encoded.line, path };
}
