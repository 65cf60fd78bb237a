import {
  type Action,
  type GrantStore,
  may,
  OPERATOR,
  type Principal,
  type UserStore,
} from "@nova/pipeline-core/access";
import { PlatformError } from "@nova/pipeline-core/kernel";

/**
 * Who asks, by e-mail; without one the operator. The right is looked up here and never taken from the caller: `not-found`
 * for nobody known, `forbidden` for a role that does not include the action.
 */
export async function askingPerson(
  users: Pick<UserStore, "findByEmail">,
  email: string | undefined,
  action: Action,
): Promise<string> {
  const known = email === undefined ? { email: "operator", role: OPERATOR.role } : await users.findByEmail(email);
  if (known === null) throw new PlatformError("not-found", `user ${email} is not known`);
  if (!may(known.role, action))
    throw new PlatformError("forbidden", `the role of ${known.email} does not include "${action}"`);
  return known.email;
}

/** Who asks for rows, by id or e-mail, with their grants; without either the operator. `not-found` for nobody known. */
export async function askingPrincipal(
  { users, grants }: { users: Pick<UserStore, "findById" | "findByEmail">; grants: GrantStore },
  { userId, email }: { userId?: string | undefined; email?: string | undefined },
): Promise<{ principal: Principal; actor: string }> {
  if (userId === undefined && email === undefined) return { principal: OPERATOR, actor: "operator" };
  const known = userId === undefined ? await users.findByEmail(email ?? "") : await users.findById(userId);
  const principal = known === null ? null : await grants.principal(known.id);
  if (known === null || principal === null)
    throw new PlatformError("not-found", `user ${userId ?? email} is not known`);
  return { principal, actor: known.email };
}
