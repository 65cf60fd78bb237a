import { z } from "zod";
import { type Spread, spread } from "./statistics.ts";

const csrfAnswer = z.object({ csrfToken: z.string() });
const WARM_UP = 3;

/** Signs in over HTTP as one of the demo people and returns the cookies of the session. */
export async function signInByHttp(portalUrl: string, email: string): Promise<string> {
  const asked = await fetch(`${portalUrl}/api/auth/csrf`);
  const { csrfToken } = csrfAnswer.parse(await asked.json());
  const answer = await fetch(`${portalUrl}/api/auth/callback/demo`, {
    method: "POST",
    redirect: "manual",
    headers: { "content-type": "application/x-www-form-urlencoded", cookie: cookiesOf(asked) },
    body: new URLSearchParams({ csrfToken, email, json: "true" }),
  });
  const cookies = cookiesOf(answer);
  if (!cookies.includes("session-token")) throw new Error(`${email} could not sign in: ${answer.status}`);
  return cookies;
}

/** Milliseconds until the whole page has come, per page, one request after another. */
export async function measurePages(
  portalUrl: string,
  cookies: string,
  paths: readonly string[],
  requests: number,
): Promise<Record<string, Spread>> {
  const measured: Record<string, Spread> = {};
  for (const path of paths) {
    const millis: number[] = [];
    for (let count = -WARM_UP; count < requests; count += 1) {
      const started = performance.now();
      const response = await fetch(`${portalUrl}${path}`, { headers: { cookie: cookies }, redirect: "manual" });
      await response.arrayBuffer();
      if (response.status !== 200) throw new Error(`${path} answered ${response.status}`);
      if (count >= 0) millis.push(performance.now() - started);
    }
    measured[path] = spread(millis);
  }
  return measured;
}

function cookiesOf(response: Response): string {
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}
