import type { FastifyInstance } from "fastify";
import { faultOf } from "./api-fault.ts";
import type { BulkQueryJobs } from "./bulk-query-jobs.ts";

interface JobPath {
  readonly version: string;
  readonly id: string;
}

/** Bulk API 2.0 query jobs: create, watch, page through CSV results, abort, delete. */
export function registerBulkRoutes(app: FastifyInstance, jobs: BulkQueryJobs): void {
  const root = "/services/data/v:version/jobs/query";

  app.post<{ Params: { version: string } }>(root, (request) => jobs.create(request.body, request.params.version));
  app.get(root, () => jobs.list());
  app.get<{ Params: JobPath }>(`${root}/:id`, (request) => jobs.info(request.params.id, request.params.version));

  app.patch<{ Params: JobPath; Body: { state?: unknown } }>(`${root}/:id`, (request) => {
    if (request.body.state !== "Aborted") throw faultOf("INVALIDJOBSTATE", "state can only be set to Aborted");
    return jobs.abort(request.params.id, request.params.version);
  });

  app.delete<{ Params: JobPath }>(`${root}/:id`, (request, reply) => {
    jobs.delete(request.params.id, request.params.version);
    return reply.code(204).send();
  });

  app.get<{ Params: JobPath; Querystring: { locator?: string; maxRecords?: string } }>(
    `${root}/:id/results`,
    (request, reply) => {
      const { locator, maxRecords } = request.query;
      const page = jobs.results(
        request.params.id,
        request.params.version,
        locator,
        maxRecords === undefined ? undefined : Number(maxRecords),
      );
      return reply
        .type("text/csv; charset=UTF-8")
        .header("Sforce-Locator", page.locator)
        .header("Sforce-NumberOfRecords", page.records)
        .send(page.csv);
    },
  );
}
