/** A request about to be sent. The body is text, because its bytes are signed. */
export interface RestRequest {
  readonly method: "GET" | "POST" | "HEAD" | "DELETE";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

/** How requests to a REST catalog prove who sends them. Secrets stay inside; they go into headers and nowhere else. */
export interface RestAuth {
  /** Headers to send instead of the request's own. */
  headers(request: RestRequest): Promise<Readonly<Record<string, string>>>;
  /** After a 401: forget what was refused; true = worth one more try. */
  renew?(): boolean;
}

/** For catalogs that ask for nothing. */
export function noAuth(): RestAuth {
  return { headers: async (request) => request.headers };
}

/** A fixed token, or one asked for before every request. */
export function bearerAuth(token: string | (() => Promise<string>)): RestAuth {
  return {
    headers: async (request) => ({
      ...request.headers,
      authorization: `Bearer ${typeof token === "string" ? token : await token()}`,
    }),
  };
}
