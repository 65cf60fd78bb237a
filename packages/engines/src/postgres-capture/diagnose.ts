import type { Finding, FindingOutcome, SourceDiagnosis } from "@nova/pipeline-core/connectors";
import type pg from "pg";
import { captureFailure } from "./failure.ts";
import { connectSession, dropSession, quoteIdentifier, tlsMode } from "./session.ts";
import { identityFindings, readCheckedTables, readFindings } from "./diagnose-tables.ts";

export interface DiagnosedSource {
  readonly connectionString: string;
  readonly slot: string;
  readonly publication: string;
  /** `schema.table` of the tables that are wanted; null = every table. */
  readonly tables: readonly string[] | null;
}

interface Standing {
  version: string;
  version_text: string;
  wal_level: string;
  recovery: boolean;
  role: string;
  may_replicate: boolean;
  superuser: boolean;
  database: string;
  may_create: boolean;
  slots: number;
  max_slots: number;
  senders: number;
  max_senders: number;
  keep: string;
  tls: string | null;
  peer: string | null;
  slot: { plugin: string; status: string | null; active: boolean; database: string; retained: number | null } | null;
  publication: { everything: boolean; complete: boolean; tables: number } | null;
}

const STANDING_SQL = `SELECT current_setting('server_version_num') AS version, current_setting('server_version') AS version_text,
  current_setting('wal_level') AS wal_level, pg_is_in_recovery() AS recovery, current_user AS role, current_database() AS database,
  (SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user) AS may_replicate,
  (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
  has_database_privilege(current_database(), 'CREATE') AS may_create,
  (SELECT count(*)::int FROM pg_replication_slots) AS slots, current_setting('max_replication_slots')::int AS max_slots,
  (SELECT count(*)::int FROM pg_stat_replication) AS senders, current_setting('max_wal_senders')::int AS max_senders,
  current_setting('max_slot_wal_keep_size') AS keep,
  (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl) AS tls, host(inet_client_addr()) AS peer,
  (SELECT json_build_object('plugin', plugin, 'status', wal_status, 'active', active, 'database', database, 'retained', CASE WHEN pg_is_in_recovery() THEN NULL ELSE pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn) END)
     FROM pg_replication_slots WHERE slot_name = $1) AS slot,
  (SELECT json_build_object('everything', puballtables, 'complete', pubinsert AND pubupdate AND pubdelete AND pubtruncate,
     'tables', (SELECT count(*) FROM pg_publication_tables t WHERE t.pubname = p.pubname)) FROM pg_publication p WHERE pubname = $2) AS publication`;

/**
 * Says of every requirement of capture whether the source meets it, and the statement that mends it. Changes nothing, and
 * answers also when the source cannot be reached: that is a finding too.
 */
export async function diagnosePostgres(source: DiagnosedSource): Promise<SourceDiagnosis> {
  let client: pg.Client;
  try {
    client = await connectSession(source.connectionString, "catalog");
  } catch (error) {
    const { message } = captureFailure(error);
    return { findings: [finding("Connection", "wrong", message, null)] };
  }
  try {
    const { rows } = await client.query<Standing>(STANDING_SQL, [source.slot, source.publication]);
    const [standing] = rows;
    if (standing === undefined)
      return { findings: [finding("Connection", "wrong", "the server did not answer", null)] };
    const tables = await readCheckedTables(client, source.publication, source.tables, standing.publication !== null);
    return {
      findings: [
        finding("Connection", "ok", `database ${standing.database} as role ${standing.role}`, null),
        tlsFinding(standing, tlsMode(source.connectionString)),
        ...serverFindings(standing),
        ...slotFindings(standing, source),
        publicationFinding(standing, source),
        ...readFindings(tables, standing.role),
        ...identityFindings(tables),
      ],
    };
  } catch (error) {
    return { findings: [finding("Catalog", "wrong", captureFailure(error).message, null)] };
  } finally {
    dropSession(client);
  }
}

function tlsFinding({ tls, peer }: Standing, mode: string): Finding {
  const local = peer === null || peer.startsWith("127.") || peer === "::1";
  if (tls === null)
    return finding(
      "Encryption",
      local ? "ok" : "warning",
      local ? "none; the source is on this machine" : "rows and password travel unencrypted: add sslmode=verify-full",
      null,
    );
  return mode === "verify-full" || mode === "verify-ca"
    ? finding("Encryption", "ok", `${tls}, the server's certificate is checked (${mode})`, null)
    : finding(
        "Encryption",
        local ? "ok" : "warning",
        `${tls}, but nobody checks whose certificate it is: sslmode=verify-full with ORDERS_DB_CA_FILE does`,
        null,
      );
}

export function finding(requirement: string, outcome: FindingOutcome, found: string, remedy: string | null): Finding {
  return { requirement, outcome, found, remedy };
}

function serverFindings(standing: Standing): Finding[] {
  const old = Number(standing.version) < 140_000;
  const role = quoteIdentifier(standing.role);
  return [
    finding("PostgreSQL 14 or newer", old ? "wrong" : "ok", `version ${standing.version_text}`, null),
    standing.recovery
      ? finding("Primary server", "wrong", "this is a read replica: give the connection of its primary", null)
      : finding("Primary server", "ok", "accepts writes", null),
    standing.wal_level === "logical"
      ? finding("Logical decoding", "ok", "wal_level is logical", null)
      : finding(
          "Logical decoding",
          "wrong",
          `wal_level is ${standing.wal_level}; the change needs a restart of the source`,
          "ALTER SYSTEM SET wal_level = logical;",
        ),
    standing.may_replicate
      ? finding("Replication role", "ok", `${standing.role} may replicate`, null)
      : finding("Replication role", "wrong", `${standing.role} may not replicate`, `ALTER ROLE ${role} REPLICATION;`),
    standing.superuser
      ? finding(
          "Least privilege",
          "warning",
          `${standing.role} is a superuser; REPLICATION and SELECT are enough`,
          null,
        )
      : finding("Least privilege", "ok", `${standing.role} is no superuser`, null),
  ];
}

function slotFindings(standing: Standing, { slot }: DiagnosedSource): Finding[] {
  const room = roomFinding(standing);
  const keep =
    standing.keep === "-1"
      ? finding(
          "Limit of kept log",
          "warning",
          "max_slot_wal_keep_size has no limit: while capture is away the source's disk can fill up",
          "ALTER SYSTEM SET max_slot_wal_keep_size = '100GB'; SELECT pg_reload_conf();",
        )
      : finding("Limit of kept log", "ok", `max_slot_wal_keep_size is ${standing.keep}`, null);
  const { slot: own } = standing;
  if (own === null)
    return [room, finding("Replication slot", "ok", `${slot} is not there yet; capture makes it`, null), keep];
  if (own.plugin !== "pgoutput")
    return [
      room,
      finding(
        "Replication slot",
        "wrong",
        `${slot} belongs to the plugin ${own.plugin}`,
        `SELECT pg_drop_replication_slot('${slot.replaceAll("'", "''")}');`,
      ),
      keep,
    ];
  if (own.status === "lost")
    return [
      room,
      finding(
        "Replication slot",
        "wrong",
        `${slot} was invalidated: its log is gone. Resync the source; that makes a new slot`,
        null,
      ),
      keep,
    ];
  const held = own.retained === null ? "" : `, ${Math.round(own.retained / 1024 / 1024)} MiB of log kept for it`;
  const outcome = own.status === "unreserved" ? "warning" : "ok";
  return [
    room,
    finding(
      "Replication slot",
      outcome,
      `${slot} is ${own.status ?? "there"}, ${own.active ? "in use" : "not in use"}${held}`,
      null,
    ),
    keep,
  ];
}

function roomFinding({ slot, slots, max_slots, senders, max_senders }: Standing): Finding {
  const free = max_slots - slots;
  if (slot === null && free < 1)
    return finding(
      "Room for a slot",
      "wrong",
      `all ${max_slots} replication slots are taken; the change needs a restart of the source`,
      `ALTER SYSTEM SET max_replication_slots = ${max_slots + 4};`,
    );
  if (slot?.active !== true && senders >= max_senders)
    return finding(
      "Room for a slot",
      "wrong",
      `all ${max_senders} replication connections are taken; the change needs a restart of the source`,
      `ALTER SYSTEM SET max_wal_senders = ${max_senders + 4};`,
    );
  return finding(
    "Room for a slot",
    "ok",
    `${free} of ${max_slots} slots free, ${max_senders - senders} of ${max_senders} connections`,
    null,
  );
}

function publicationFinding(standing: Standing, { publication, tables }: DiagnosedSource): Finding {
  const name = quoteIdentifier(publication);
  const own = standing.publication;
  if (own !== null)
    return own.complete
      ? finding(
          "Publication",
          "ok",
          `${publication} has ${own.everything ? "every table" : `${own.tables} tables`}`,
          null,
        )
      : finding(
          "Publication",
          "wrong",
          `${publication} leaves out some kinds of change`,
          `ALTER PUBLICATION ${name} SET (publish = 'insert, update, delete, truncate');`,
        );
  if (tables === null && !standing.superuser)
    return finding(
      "Publication",
      "wrong",
      `${publication} is not there, and only a superuser may publish every table`,
      `CREATE PUBLICATION ${name} FOR ALL TABLES WITH (publish_via_partition_root = true);`,
    );
  return standing.may_create
    ? finding("Publication", "ok", `${publication} is not there yet; capture makes it`, null)
    : finding(
        "Publication",
        "wrong",
        `${publication} is not there, and ${standing.role} may not make it`,
        `GRANT CREATE ON DATABASE ${quoteIdentifier(standing.database)} TO ${quoteIdentifier(standing.role)};`,
      );
}
