import { abortable, MINUTE, PlatformError } from "@nova/pipeline-core/kernel";
import jsforce from "jsforce";
import { z } from "zod";
import { salesforceErrorCode } from "./failure.ts";
import { readAnswersWhole } from "./whole-answers.ts";

export type SalesforceCredentials =
  | { readonly grant: "client-credentials"; readonly clientId: string; readonly clientSecret: string }
  | {
      readonly grant: "password";
      readonly clientId: string;
      readonly clientSecret: string;
      readonly username: string;
      readonly password: string;
    };

export interface SessionOptions {
  readonly loginUrl: string;
  readonly credentials: SalesforceCredentials;
  /** Share of the org's daily API requests that capture leaves to others; 0.1 by default. */
  readonly reserve?: number;
}

export interface BulkPage {
  readonly csv: string;
  /** As Salesforce counts them; null when it does not say. */
  readonly records: number | null;
  /** Null after the last page. */
  readonly nextLocator: string | null;
}

/** A signed-in session that renews itself and stops before the org's API budget is gone. */
export interface SalesforceSession {
  describe(object: string): Promise<jsforce.DescribeSObjectResult>;
  /** Every page of a query over live and deleted records. */
  queryAll(soql: string): AsyncIterable<readonly Record<string, unknown>[]>;
  /** Live records of an object; costs one request. */
  count(object: string): Promise<number>;
  /** `queryAll` also finds what lies in the recycle bin. */
  createQueryJob(soql: string, operation?: "query" | "queryAll"): Promise<string>;
  /** `gone`: Salesforce keeps a job's results for seven days. */
  jobState(jobId: string): Promise<"running" | "complete" | "failed" | "gone">;
  /** `lost`: Salesforce no longer knows the place in the results, or the job; only a new job helps. */
  jobPage(jobId: string, locator: string | null, maxRecords: number): Promise<BulkPage | "lost">;
  deleteJob(jobId: string): Promise<void>;
  deleted(
    object: string,
    from: Date,
    to: Date,
  ): Promise<{ records: readonly { id: string; deletedDate: string }[]; earliest: Date; covered: Date }>;
}

export const API_VERSION = "62.0";
const DEFAULT_RESERVE = 0.1;
const jobSchema = z.object({ id: z.string(), state: z.string(), errorMessage: z.string().optional() });
const deletedSchema = z.object({
  deletedRecords: z.array(z.object({ id: z.string(), deletedDate: z.string() })),
  earliestDateAvailable: z.string(),
  latestDateCovered: z.string(),
});

/** A call that has no answer by then is given up; the next run tries again. */
const CALL_LIMIT = 2 * MINUTE;

/** Signs in. Every call ends at once when `signal` aborts. */
export async function openSession(options: SessionOptions, signal: AbortSignal): Promise<SalesforceSession> {
  const limited = (): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(CALL_LIMIT)]);
  const call = <Value>(work: PromiseLike<Value>): Promise<Value> => abortable(work, limited());
  const { credentials, loginUrl } = options;
  const connection = new jsforce.Connection({
    loginUrl,
    version: API_VERSION,
    oauth2: { loginUrl, clientId: credentials.clientId, clientSecret: credentials.clientSecret },
    // jsforce renews a password session by itself; a client-credentials one by this.
    ...(credentials.grant === "client-credentials"
      ? {
          refreshFn: (renewing: jsforce.Connection, done: (error: Error | null, token?: string) => void): void => {
            void renewByClientCredentials(renewing, done);
          },
        }
      : {}),
  });
  readAnswersWhole(connection, limited);
  const signIn = async (): Promise<void> => {
    if (credentials.grant === "password") await connection.login(credentials.username, credentials.password);
    else await connection.authorize({ grant_type: "client_credentials" });
  };
  await call(signIn());
  const jobs = (): string => `/services/data/v${API_VERSION}/jobs/query`;

  const checkBudget = (): void => {
    const usage = connection.limitInfo.apiUsage;
    if (usage === undefined || usage.limit === 0) return;
    if (usage.used >= usage.limit * (1 - (options.reserve ?? DEFAULT_RESERVE))) {
      throw new PlatformError(
        "source-budget",
        `Salesforce: ${usage.used} of ${usage.limit} API requests of the day are used; the rest is left to others`,
      );
    }
  };
  const fetchPage = (url: string): Promise<Response> =>
    fetch(url, {
      headers: { authorization: `Bearer ${connection.accessToken ?? ""}`, accept: "text/csv" },
      signal: limited(),
    });

  return {
    describe(object) {
      checkBudget();
      return call(connection.describe(object));
    },
    async *queryAll(soql) {
      checkBudget();
      let page = await call(connection.query<Record<string, unknown>>(soql, { scanAll: true, autoFetch: false }));
      yield page.records;
      while (!page.done && page.nextRecordsUrl !== undefined) {
        checkBudget();
        page = await call(connection.queryMore<Record<string, unknown>>(page.nextRecordsUrl));
        yield page.records;
      }
    },
    async count(object) {
      checkBudget();
      return (await call(connection.query(`SELECT COUNT() FROM ${object}`))).totalSize;
    },
    async createQueryJob(soql, operation = "queryAll") {
      checkBudget();
      const request = {
        operation,
        query: soql,
        contentType: "CSV",
        columnDelimiter: "COMMA",
        lineEnding: "LF",
      };
      return jobSchema.parse(await call(connection.requestPost<unknown>(jobs(), request))).id;
    },
    async jobState(jobId) {
      checkBudget();
      try {
        const job = jobSchema.parse(await call(connection.requestGet<unknown>(`${jobs()}/${jobId}`)));
        if (job.state === "JobComplete") return "complete";
        return job.state === "Failed" || job.state === "Aborted" ? "failed" : "running";
      } catch (error) {
        const code = salesforceErrorCode(error);
        if (code === "NOT_FOUND" || code === "INVALID_ID_FIELD" || code === "ERROR_HTTP_404") return "gone";
        throw error;
      }
    },
    async jobPage(jobId, locator, maxRecords) {
      checkBudget();
      const query = new URLSearchParams({ maxRecords: String(maxRecords), ...(locator === null ? {} : { locator }) });
      const url = `${connection.instanceUrl}${jobs()}/${jobId}/results?${query.toString()}`;
      let response = await call(fetchPage(url));
      if (response.status === 401) {
        await response.body?.cancel();
        await call(signIn());
        response = await call(fetchPage(url));
      }
      const csv = await call(response.text());
      if (response.status === 404 || (response.status === 400 && locator !== null)) return "lost";
      if (!response.ok) throw pageFailure(response.status, csv);
      const next = response.headers.get("sforce-locator");
      const records = response.headers.get("sforce-numberofrecords");
      return {
        csv,
        records: records === null ? null : Number(records),
        nextLocator: next === null || next === "null" || next === "" ? null : next,
      };
    },
    async deleteJob(jobId) {
      await call(connection.requestDelete(`${jobs()}/${jobId}`));
    },
    async deleted(object, from, to) {
      checkBudget();
      const answer = deletedSchema.parse(await call(connection.deleted(object, from, to)));
      return {
        records: answer.deletedRecords,
        earliest: new Date(answer.earliestDateAvailable),
        covered: new Date(answer.latestDateCovered),
      };
    },
  };
}

async function renewByClientCredentials(
  connection: jsforce.Connection,
  done: (error: Error | null, token?: string) => void,
): Promise<void> {
  try {
    await connection.authorize({ grant_type: "client_credentials" });
  } catch (error) {
    done(error instanceof Error ? error : new Error(String(error)));
    return;
  }
  done(null, connection.accessToken ?? "");
}

function pageFailure(status: number, body: string): Error {
  const code = /"errorCode"\s*:\s*"([A-Z_]+)"/.exec(body)?.[1] ?? `ERROR_HTTP_${status}`;
  return Object.assign(new Error(`reading bulk results failed with HTTP ${status}`), { name: code });
}
