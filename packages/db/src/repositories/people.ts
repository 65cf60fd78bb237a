import type { GrantStore, Person, Role, UserStore } from "@nova/pipeline-core/access";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { StoreContext, StoreDb } from "./store-context.ts";

interface UserRow {
  id: string;
  email: string;
  name: string;
  role: Role;
  title: string;
  time_zone: string;
  demo: boolean;
}

const COLUMNS = "id, email, name, role, title, time_zone, demo";

function person({ time_zone: timeZone, ...row }: UserRow): Person {
  return { ...row, timeZone };
}

export function userStore(db: StoreDb, { clock, ids }: StoreContext): UserStore {
  const find = async (where: string, value: string): Promise<Person | null> => {
    const { rows } = await db.pool.query<UserRow>(`SELECT ${COLUMNS} FROM users WHERE ${where}`, [value]);
    return rows[0] === undefined ? null : person(rows[0]);
  };
  return {
    findByEmail: (email) => find("email = lower($1)", email),
    findById: (id) => find("id::text = $1", id),
    async demoPeople() {
      const { rows } = await db.pool.query<UserRow>(`SELECT ${COLUMNS} FROM users WHERE demo ORDER BY id`);
      return rows.map(person);
    },
    async signIn({ email, name, role }) {
      const { rows } = await db.pool.query<UserRow>(
        `INSERT INTO users (id, email, name, role, created_at) VALUES ($1, lower($2), $3, $4, $5)
         ON CONFLICT (email) DO UPDATE SET name = excluded.name RETURNING ${COLUMNS}`,
        [ids.next(), email, name, role, clock.now()],
      );
      if (rows[0] === undefined) throw new PlatformError("internal", "a sign-in was not stored");
      return person(rows[0]);
    },
  };
}

export function grantStore(db: StoreDb, { clock }: Pick<StoreContext, "clock">): GrantStore {
  return {
    async principal(userId) {
      const { rows } = await db.pool.query<{
        role: Role;
        dataset: string | null;
        columns: string[];
        valid_until: Date | null;
      }>(
        `SELECT u.role, g.dataset, g.columns, g.valid_until FROM users u
           LEFT JOIN grants g ON g.user_id = u.id AND (g.valid_until IS NULL OR g.valid_until > $2)
          WHERE u.id::text = $1`,
        [userId, clock.now()],
      );
      const [first] = rows;
      if (first === undefined) return null;
      const grants = rows.flatMap(({ dataset, columns, valid_until: validUntil }) =>
        dataset === null ? [] : [{ dataset, columns: columns.length === 0 ? null : columns, validUntil }],
      );
      return { userId, role: first.role, grants };
    },
  };
}
