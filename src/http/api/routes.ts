import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Actor, OperatorService } from '../../operator/operator-service.js';
import { HttpError, TooManyRequestsError } from '../errors.js';
import type { Security } from '../security.js';
import * as responses from './response-schemas.js';
import { auditResponse } from './audit-response.js';
import { failedCsv } from './failed-csv.js';
import * as requests from './request-schemas.js';

/*
 * The JSON API: the operator service, over HTTP. Everything under /api/v1 stays as it is; fields may be added.
 */

const errors = { 400: responses.errorResponse, 401: responses.errorResponse, 503: responses.errorResponse };
const changeErrors = { ...errors, 403: responses.errorResponse };
const tags = ['api'];
const security = [{ session: [] }, { basic: [] }];

/** Describes a route that reads. */
function reads(summary: string, answer: z.ZodType, more: object = {}) {
  return { tags, security, summary, ...more, response: { 200: answer, ...errors } };
}

/** Describes a route that changes something. */
function acts(summary: string, body: z.ZodType, answer: z.ZodType) {
  const description =
    'For operators. By session it needs the header x-csrf-token; by HTTP Basic it does not.';
  return { tags, security, summary, description, body, response: { 200: answer, ...changeErrors } };
}

/** Who acts, for the audit: somebody at the console's pages, or a script. */
function actorOf({ principal }: FastifyRequest): Actor & { readonly via: 'api' | 'console' } {
  return { name: principal?.name ?? '', via: (principal?.session ?? null) === null ? 'api' : 'console' };
}

/** Registers the routes that read. */
export function registerReadingRoutes(scope: FastifyInstance, operator: OperatorService): void {
  registerStateRoutes(scope, operator);
  registerRowRoutes(scope, operator);
}

function registerStateRoutes(scope: FastifyInstance, operator: OperatorService): void {
  scope.get(
    '/overview',
    { schema: reads('Counts, activity, workers, databases', responses.overviewResponse) },
    () => operator.overview(),
  );
  scope.get(
    '/failure-groups',
    { schema: reads('Failures by table and code', responses.failureGroupsResponse) },
    () => operator.failureGroups(),
  );
  scope.get(
    '/workers',
    { schema: reads('Registered workers and their shards', responses.workersResponse) },
    () => operator.workers(),
  );
  scope.get('/pauses', { schema: reads('Pauses in force', responses.pausesResponse) }, () =>
    operator.pauses(),
  );
  scope.get<{ Querystring: z.output<typeof requests.auditQuery> }>(
    '/audit',
    { schema: reads('Recorded actions, newest first', auditResponse, { querystring: requests.auditQuery }) },
    ({ query: { limit, before } }) => operator.audit({ limit, ...(before !== undefined && { before }) }),
  );
}

function registerRowRoutes(scope: FastifyInstance, operator: OperatorService): void {
  scope.get<{ Querystring: z.output<typeof requests.failedRequest> }>(
    '/failed',
    {
      schema: reads('Failed rows, those that failed last first', responses.failedResponse, {
        querystring: requests.failedRequest,
      }),
    },
    ({ query: { limit, after, ...filter } }) =>
      operator.failed(requests.rowFilter(filter), { limit, ...(after !== undefined && { after }) }),
  );
  scope.get<{ Querystring: z.output<typeof requests.processingQuery> }>(
    '/processing',
    {
      schema: reads('Rows in State 1, oldest first', responses.processingResponse, {
        querystring: requests.processingQuery,
      }),
    },
    ({ query }) => operator.processing(query.limit),
  );
  scope.get<{ Querystring: z.output<typeof requests.deferredQuery> }>(
    '/deferred',
    {
      schema: reads('Deferred rows, those deferred longest first', responses.deferredResponse, {
        querystring: requests.deferredQuery,
      }),
    },
    ({ query }) => operator.deferred(query.limit),
  );
  scope.get<{ Params: z.output<typeof requests.rowParams> }>(
    '/rows/:table/:streamingNo',
    {
      schema: {
        ...reads('Everything about a row', responses.rowResponse, { params: requests.rowParams }),
        response: { 200: responses.rowResponse, ...errors, 404: responses.errorResponse },
      },
    },
    async ({ params: { table, streamingNo } }) => {
      const page = await operator.row({ source: requests.sourceOf(table), streamingNo });
      if (page.rows.length === 0 && page.journal.length === 0)
        throw new HttpError(
          404,
          'notFound',
          `neither ${page.table} nor the journal has a row ${streamingNo}`,
        );
      return page;
    },
  );
}

/** How many exports may run at once. */
const mostExports = 2;

/** Registers the export of failed rows. */
export function registerExport(
  scope: FastifyInstance,
  operator: OperatorService,
  { now, events }: { readonly now: () => number; readonly events: Security },
): void {
  let running = 0;
  scope.get<{ Querystring: z.output<typeof requests.filter> }>(
    '/failed.csv',
    {
      schema: {
        ...{ tags, security },
        summary: 'Failed rows as CSV, at most 100,000, UTF-8 with a byte order mark',
        querystring: requests.filter,
        produces: ['text/csv'],
        response: { 200: { type: 'string' }, ...errors, 429: responses.errorResponse },
      },
    },
    async (request, reply) => {
      const { query } = request;
      if (running >= mostExports) throw new TooManyRequestsError('other exports are running', 30);
      running += 1;
      reply.raw.once('close', () => (running -= 1));
      const { name, via } = actorOf(request);
      const detail = JSON.stringify(query);
      events.report({ kind: 'export', name, address: request.ip, via, result: 'ok', detail });
      const csv = await failedCsv(operator, requests.rowFilter(query), { now });
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="bnet-sync-failed.csv"')
        .send(csv);
    },
  );
}

/** Registers what changes something. */
export function registerActingRoutes(scope: FastifyInstance, operator: OperatorService): void {
  const { requeueBody, requeueMatchingBody, retryBody, pauseBody, sourceOf, matchTarget, pauseTarget } =
    requests;
  scope.post<{ Body: z.output<typeof requeueBody> }>(
    '/requeue',
    { schema: acts('Put failed rows back to State 0', requeueBody, responses.requeuedResponse) },
    (request) => {
      const { rows, dryRun, reason } = request.body;
      const keys = rows.map(({ table, streamingNo }) => ({ source: sourceOf(table), streamingNo }));
      return operator.requeue(actorOf(request), keys, { dryRun, reason });
    },
  );
  scope.post<{ Body: z.output<typeof requeueMatchingBody> }>(
    '/requeue-matching',
    {
      schema: acts(
        'Put all failed rows that match back, for five seconds at most; then go on with the rest',
        requeueMatchingBody,
        responses.requeuedMatchingResponse,
      ),
    },
    (request) => {
      const { dryRun, reason } = request.body;
      return operator.requeueMatching(actorOf(request), matchTarget(request.body), { dryRun, reason });
    },
  );
  scope.post<{ Body: z.output<typeof retryBody> }>(
    '/retry',
    { schema: acts('Have deferred rows tried at once', retryBody, responses.retriedResponse) },
    (request) => {
      const { rows, reason } = request.body;
      const keys = rows.map(({ table, streamingNo }) => ({ source: sourceOf(table), streamingNo }));
      return operator.retry(actorOf(request), keys, reason);
    },
  );
  scope.post<{ Body: z.output<typeof pauseBody> }>(
    '/pause',
    { schema: acts('Pause a table or a product', pauseBody, responses.pausedResponse) },
    async (request) => {
      const { reason } = request.body;
      const target = pauseTarget(request.body.target);
      const changed = await operator.pause(actorOf(request), target, reason);
      return { changed, known: await operator.knowsTarget(target) };
    },
  );
  scope.post<{ Body: z.output<typeof pauseBody> }>(
    '/resume',
    { schema: acts('End a pause', pauseBody, responses.changedResponse) },
    async (request) => {
      const { target, reason } = request.body;
      return { changed: await operator.resume(actorOf(request), pauseTarget(target), reason) };
    },
  );
}
