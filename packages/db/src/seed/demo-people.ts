import { createHash } from "node:crypto";
import type { Role } from "@nova/pipeline-core/access";
import type { Db } from "../client.ts";

export interface DemoPerson {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly title: string;
  readonly timeZone: string;
}

/** The five people of the demo sign-in. Fixed ids: a second start finds them again. */
export const DEMO_PEOPLE: readonly DemoPerson[] = [
  person(1, "Ana Lima", "analyst", "Analyst, merchandising", "Europe/Lisbon"),
  person(2, "Dev Okafor", "data-engineer", "Data engineer", "Europe/London"),
  person(3, "Priya Nair", "privacy-officer", "Privacy officer", "Europe/Dublin"),
  person(4, "Owen Clarke", "data-owner", "Owner of customer data", "America/New_York"),
  person(5, "Petra Novak", "platform-engineer", "Platform engineer", "Europe/Prague"),
];

const DEMO_GRANTS = [
  { person: "priya@novaretail.example", dataset: "*", reason: "Answers requests of data subjects" },
  { person: "owen@novaretail.example", dataset: "curated.customers", reason: "Owns the dataset" },
] as const;

/** Puts the demo people and their grants in place. Idempotent; leaves everyone else alone. */
export async function seedDemoPeople(db: Pick<Db, "pool">, now: Date): Promise<void> {
  const column = <K extends keyof DemoPerson>(key: K) => DEMO_PEOPLE.map((one) => one[key]);
  await db.pool.query(
    `INSERT INTO users (id, email, name, role, title, time_zone, demo)
     SELECT id, email, name, role, title, zone, true
       FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[]) AS p (id, email, name, role, title, zone)
     ON CONFLICT (email) DO UPDATE SET name = excluded.name, role = excluded.role, title = excluded.title, demo = true`,
    [column("id"), column("email"), column("name"), column("role"), column("title"), column("timeZone")],
  );
  await db.pool.query(
    `INSERT INTO grants (id, user_id, dataset, columns, reason, granted_by, valid_until, created_at)
     SELECT g.id, u.id, g.dataset, '{}', g.reason, 'demo', NULL, $4
       FROM unnest($1::uuid[], $2::text[], $3::text[], $5::text[]) AS g (id, dataset, reason, email) JOIN users u USING (email)
     ON CONFLICT (id) DO NOTHING`,
    [
      DEMO_GRANTS.map((grant) => fixedId(`grant:${grant.person}:${grant.dataset}`)),
      DEMO_GRANTS.map((grant) => grant.dataset),
      DEMO_GRANTS.map((grant) => grant.reason),
      now,
      DEMO_GRANTS.map((grant) => grant.person),
    ],
  );
}

function person(order: number, name: string, role: Role, title: string, timeZone: string): DemoPerson {
  const email = `${name.split(" ")[0]?.toLowerCase()}@novaretail.example`;
  return { id: `01900000-0000-7000-8000-00000000000${order}`, email, name, role, title, timeZone };
}

/** A UUID that is the same for the same text, shaped like version 8 (RFC 9562 §5.8: custom). */
export function fixedId(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
