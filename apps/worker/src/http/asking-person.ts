import { type Action, may, OPERATOR, type UserStore } from "@nova/pipeline-core/access";
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
