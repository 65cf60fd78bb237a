import { PassThrough } from "node:stream";
import { PlatformError } from "@nova/pipeline-core/kernel";
import type { Connection, HttpRequest, HttpResponse, StreamPromise } from "jsforce";

/**
 * Lets a connection read every answer whole before anybody sees it. jsforce itself pipes the body on and listens to no error
 * of it, so that an answer that is cut off in the middle ends the process; and a call that was given up goes on in it.
 * `signal` gives the signal of the next call.
 */
export function readAnswersWhole(connection: Connection, signal: () => AbortSignal): void {
  const httpRequest = (request: HttpRequest): StreamPromise<HttpResponse> =>
    // Nothing of ours reads an answer as a stream; jsforce wants one all the same.
    Object.assign(answerOf(request, signal()), { stream: () => new PassThrough() });
  connection._transport.httpRequest = httpRequest;
  connection.oauth2._transport.httpRequest = httpRequest;
}

async function answerOf(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
  const { url, method, headers = {}, body } = request;
  if (body !== undefined && body !== null && typeof body !== "string")
    throw new PlatformError("internal", "Salesforce: only text is sent");
  const response = await fetch(url, { method, headers, signal, ...(typeof body === "string" ? { body } : {}) });
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
}
