import type { Grant, Role } from "@nova/pipeline-core/access";
import type { Pool } from "pg";

export interface PersonRow {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: Role;
  readonly title: string;
  readonly timeZone: string;
  readonly demo: boolean;
}

/** A person with the grants that hold now, as authorisation needs them. */
export interface PrincipalRow extends PersonRow {
  readonly userId: string;
  readonly grants: readonly Grant[];
}

const COLUMNS = `u.id, u.email, u.name, u.role, u.title, u.time_zone AS "timeZone", u.demo`;

export function peopleReadModel(pool: Pick<Pool, "query">) {
  return {
    /** Null when nobody has this id any more. Grants that ran out are left out. */
    async byId(userId: string, now: Date): Promise<PrincipalRow | null> {
      const { rows } = await pool.query<
        PersonRow & { grants: { dataset: string; columns: string[]; validUntil: string | null }[] }
      >(
        `SELECT ${COLUMNS},
                coalesce((SELECT json_agg(json_build_object('dataset', g.dataset, 'columns', g.columns, 'validUntil', g.valid_until))
                            FROM grants g WHERE g.user_id = u.id AND (g.valid_until IS NULL OR g.valid_until > $2)), '[]') AS grants
           FROM users u WHERE u.id = $1`,
        [userId, now],
      );
      const row = rows[0];
      if (row === undefined) return null;
      const grants = row.grants.map((grant) => ({
        dataset: grant.dataset,
        columns: grant.columns.length === 0 ? null : grant.columns,
        validUntil: grant.validUntil === null ? null : new Date(grant.validUntil),
      }));
      return { ...row, userId: row.id, grants };
    },
    /** E-mail addresses compare without case. */
    async byEmail(email: string): Promise<PersonRow | null> {
      const { rows } = await pool.query<PersonRow>(`SELECT ${COLUMNS} FROM users u WHERE lower(u.email) = lower($1)`, [
        email.trim(),
      ]);
      return rows[0] ?? null;
    },
    /** Who holds one of the roles, by name; at most 200. */
    async withRoles(roles: readonly Role[]): Promise<Pick<PersonRow, "email" | "name">[]> {
      const { rows } = await pool.query<Pick<PersonRow, "email" | "name">>(
        "SELECT email, name FROM users WHERE role = ANY($1) ORDER BY name, email LIMIT 200",
        [roles],
      );
      return rows;
    },
    /** The people offered for the demo sign-in. */
    async demoPeople(): Promise<PersonRow[]> {
      const { rows } = await pool.query<PersonRow>(`SELECT ${COLUMNS} FROM users u WHERE u.demo ORDER BY u.id`);
      return rows;
    },
    /** The one thing a person changes about themselves. `timeZone` must be an IANA name, checked by the caller. */
    async setTimeZone(userId: string, timeZone: string): Promise<void> {
      await pool.query(`UPDATE users SET time_zone = $2 WHERE id = $1`, [userId, timeZone]);
    },
  };
}
