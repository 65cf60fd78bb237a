/** How a table identifies its old rows: `d` primary key, `i` a unique index, `f` the whole row, `n` not at all. */
export type ReplicaIdentity = "d" | "i" | "f" | "n";

export interface RelationColumn {
  readonly name: string;
  readonly typeOid: number;
  readonly typeModifier: number;
  /** Part of the replica identity (always, under identity `f`). */
  readonly identity: boolean;
}

export interface RelationMessage {
  readonly oid: number;
  readonly schema: string;
  readonly table: string;
  readonly replicaIdentity: ReplicaIdentity;
  readonly columns: readonly RelationColumn[];
}

/** Reads a Relation message (kind 'R') at `offset`. */
export function readRelation(message: Buffer, offset: number): RelationMessage {
  let at = offset + 1;
  const text = (): string => {
    const end = message.indexOf(0, at);
    const value = message.toString("utf8", at, end);
    at = end + 1;
    return value;
  };
  const oid = message.readUInt32BE(at);
  at += 4;
  const schema = text() || "pg_catalog";
  const table = text();
  const replicaIdentity = String.fromCharCode(message[at] as number) as ReplicaIdentity;
  const count = message.readInt16BE(at + 1);
  at += 3;
  const columns: RelationColumn[] = [];
  for (let index = 0; index < count; index += 1) {
    const identity = ((message[at] as number) & 1) === 1;
    at += 1;
    const name = text();
    columns.push({ name, typeOid: message.readUInt32BE(at), typeModifier: message.readInt32BE(at + 4), identity });
    at += 8;
  }
  return { oid, schema, table, replicaIdentity, columns };
}
