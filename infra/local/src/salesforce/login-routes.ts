import type { FastifyInstance } from "fastify";
import { OAuthRefusal, ORGANIZATION_ID, type Sessions, USER_ID } from "./sessions.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&apos;": "'",
  "&amp;": "&",
};

function elementOf(xml: string, name: string): string {
  const text = new RegExp(`<(?:\\w+:)?${name}>([^<]*)<`).exec(xml)?.[1] ?? "";
  return text.replaceAll(/&(?:lt|gt|quot|apos|amp);/g, (entity) => ENTITIES[entity] ?? entity);
}

const envelope = (body: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>${body}</soapenv:Body></soapenv:Envelope>`;

function loginResult(instanceUrl: string, version: string, sessionId: string): string {
  return envelope(
    `<loginResponse><result><metadataServerUrl>${instanceUrl}/services/Soap/m/${version}/${ORGANIZATION_ID}</metadataServerUrl><passwordExpired>false</passwordExpired><sandbox>false</sandbox><serverUrl>${instanceUrl}/services/Soap/u/${version}/${ORGANIZATION_ID}</serverUrl><sessionId>${sessionId}</sessionId><userId>${USER_ID}</userId><userInfo><organizationId>${ORGANIZATION_ID}</organizationId><userId>${USER_ID}</userId></userInfo></result></loginResponse>`,
  );
}

const LOGIN_FAULT = envelope(
  "<soapenv:Fault><faultcode>INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: Invalid username, password, security token; or user locked out.</faultstring></soapenv:Fault>",
);

/** Sign-in: OAuth 2.0 tokens (password, client credentials, refresh), revocation, and the SOAP login that jsforce falls back to. */
export function registerLoginRoutes(app: FastifyInstance, sessions: Sessions, instanceUrl: () => string): void {
  app.post<{ Body: Readonly<Record<string, string>> }>("/services/oauth2/token", (request, reply) => {
    try {
      return reply.header("cache-control", "no-store").send(sessions.token(request.body, instanceUrl()));
    } catch (error) {
      if (error instanceof OAuthRefusal)
        return reply.code(400).send({ error: error.error, error_description: error.message });
      throw error;
    }
  });

  app.post<{ Body: Readonly<Record<string, string>> }>("/services/oauth2/revoke", (request, reply) => {
    sessions.revoke(request.body.token ?? "");
    return reply.code(200).send();
  });

  app.post<{ Params: { version: string }; Body: string }>("/services/Soap/u/:version", (request, reply) => {
    void reply.type("text/xml; charset=UTF-8");
    if (request.body.includes("<logout")) {
      sessions.revoke(elementOf(request.body, "sessionId"));
      return reply.send(envelope("<logoutResponse/>"));
    }
    const session = sessions.login(elementOf(request.body, "username"), elementOf(request.body, "password"));
    if (session === null) return reply.code(500).send(LOGIN_FAULT);
    return reply.send(loginResult(instanceUrl(), request.params.version, session));
  });
}
