import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Actor, Desk } from '../../operator/desk.js';
import { HttpFault, TooManyFault } from '../faults.js';
import type { Security } from '../security.js';
import * as answers from './answers.js';
import { audit } from './audit-answer.js';
import { failedCsv } from './failed-csv.js';
import * as questions from './questions.js';

/*
 * The JSON API: the desk, over HTTP. Everything under /api/v1 stays as it is; fields may be added.
 */

const faults = { 400: answers.fault, 401: answers.fault, 503: answers.fault };
const changeFaults = { ...faults, 403: answers.fault };
const tags = ['api'];
const security = [{ session: [] }, { basic: [] }];

/** Describes a route that reads. */
function reads(summary: string, answer: z.ZodType, more: object = {}) {
  return { tags, security, summary, ...more, response: { 200: answer, ...faults } };
}

/** Describes a route that changes something. */
function acts(summary: string, body: z.ZodType, answer: z.ZodType) {
  const description =
    'For operators. By session it needs the header x-csrf-token; by HTTP Basic it does not.';
  return { tags, security, summary, description, body, response: { 200: answer, ...changeFaults } };
}

/** Who acts, for the audit: somebody at the console's pages, or a script. */
function actorOf({ asker }: FastifyRequest): Actor & { readonly via: 'api' | 'console' } {
  return { name: asker?.name ?? '', via: (asker?.session ?? null) === null ? 'api' : 'console' };
}

/** Registers what reads. */
export function registerReadingRoutes(scope: FastifyInstance, desk: Desk): void {
  const { overview, groups, failed, inHand, deferred, rowPage, workers, pauses } = answers;
  scope.get('/overview', { schema: reads('Counts, activity, workers, databases', overview) }, () =>
    desk.overview(),
  );
  scope.get('/groups', { schema: reads('Failures by table and code', groups) }, () => desk.groups());
  scope.get<{ Querystring: z.output<typeof questions.failedQuery> }>(
    '/failed',
    {
      schema: reads('Failed rows, those that failed last first', failed, {
        querystring: questions.failedQuery,
      }),
    },
    ({ query: { limit, after, ...filter } }) =>
      desk.failed(questions.rowFilter(filter), { limit, ...(after !== undefined && { after }) }),
  );
  scope.get<{ Querystring: z.output<typeof questions.inHandQuery> }>(
    '/in-hand',
    { schema: reads('Rows in State 1, oldest first', inHand, { querystring: questions.inHandQuery }) },
    ({ query }) => desk.inHand(query.limit),
  );
  scope.get<{ Querystring: z.output<typeof questions.deferredQuery> }>(
    '/deferred',
    {
      schema: reads('Rows that are put off, those put off longest first', deferred, {
        querystring: questions.deferredQuery,
      }),
    },
    ({ query }) => desk.deferred(query.limit),
  );
  scope.get<{ Params: z.output<typeof questions.rowParams> }>(
    '/rows/:table/:streamingNo',
    {
      schema: {
        ...reads('Everything about a row', rowPage, { params: questions.rowParams }),
        response: { 200: rowPage, ...faults, 404: answers.fault },
      },
    },
    async ({ params: { table, streamingNo } }) => {
      const page = await desk.row({ source: questions.sourceOf(table), streamingNo });
      if (page.rows.length === 0 && page.journal.length === 0)
        throw new HttpFault(
          404,
          'notFound',
          `neither ${page.table} nor the journal has a row ${streamingNo}`,
        );
      return page;
    },
  );
  scope.get('/workers', { schema: reads('Registered workers and their shards', workers) }, () =>
    desk.workers(),
  );
  scope.get('/pauses', { schema: reads('Pauses in force', pauses) }, () => desk.pauses());
  scope.get<{ Querystring: z.output<typeof questions.auditQuery> }>(
    '/audit',
    { schema: reads('Recorded actions, newest first', audit, { querystring: questions.auditQuery }) },
    ({ query: { limit, before } }) => desk.audit({ limit, ...(before !== undefined && { before }) }),
  );
}

/** How many exports may run at once. */
const mostExports = 2;

/** Registers the export of failed rows. */
export function registerExport(
  scope: FastifyInstance,
  desk: Desk,
  { now, events }: { readonly now: () => number; readonly events: Security },
): void {
  let running = 0;
  scope.get<{ Querystring: z.output<typeof questions.filter> }>(
    '/failed.csv',
    {
      schema: {
        ...{ tags, security },
        summary: 'Failed rows as CSV, at most 100,000, UTF-8 with a byte order mark',
        querystring: questions.filter,
        produces: ['text/csv'],
        response: { 200: { type: 'string' }, ...faults, 429: answers.fault },
      },
    },
    async (request, reply) => {
      const { query } = request;
      if (running >= mostExports) throw new TooManyFault('other exports are running', 30);
      running += 1;
      reply.raw.once('close', () => (running -= 1));
      const { name, via } = actorOf(request);
      const detail = JSON.stringify(query);
      events.tell({ kind: 'export', name, address: request.ip, via, result: 'ok', detail });
      const csv = await failedCsv(desk, questions.rowFilter(query), { now });
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="bnet-sync-failed.csv"')
        .send(csv);
    },
  );
}

/** Registers what changes something. */
export function registerActingRoutes(scope: FastifyInstance, desk: Desk): void {
  const { requeueBody, requeueMatchingBody, retryBody, pauseBody, sourceOf, matchTarget, pauseTarget } =
    questions;
  scope.post<{ Body: z.output<typeof requeueBody> }>(
    '/requeue',
    { schema: acts('Put failed rows back to State 0', requeueBody, answers.requeued) },
    (request) => {
      const { rows, dryRun, reason } = request.body;
      const keys = rows.map(({ table, streamingNo }) => ({ source: sourceOf(table), streamingNo }));
      return desk.requeue(actorOf(request), keys, { dryRun, reason });
    },
  );
  scope.post<{ Body: z.output<typeof requeueMatchingBody> }>(
    '/requeue-matching',
    {
      schema: acts(
        'Put all failed rows that match back, for five seconds at most; then go on with the rest',
        requeueMatchingBody,
        answers.requeuedMatching,
      ),
    },
    (request) => {
      const { dryRun, reason } = request.body;
      return desk.requeueMatching(actorOf(request), matchTarget(request.body), { dryRun, reason });
    },
  );
  scope.post<{ Body: z.output<typeof retryBody> }>(
    '/retry',
    { schema: acts('Have rows that are put off tried at once', retryBody, answers.retried) },
    (request) => {
      const { rows, reason } = request.body;
      const keys = rows.map(({ table, streamingNo }) => ({ source: sourceOf(table), streamingNo }));
      return desk.retry(actorOf(request), keys, reason);
    },
  );
  scope.post<{ Body: z.output<typeof pauseBody> }>(
    '/pause',
    { schema: acts('Pause a table or a product', pauseBody, answers.paused) },
    async (request) => {
      const { reason } = request.body;
      const target = pauseTarget(request.body.target);
      const changed = await desk.pause(actorOf(request), target, reason);
      return { changed, known: await desk.knowsTarget(target) };
    },
  );
  scope.post<{ Body: z.output<typeof pauseBody> }>(
    '/resume',
    { schema: acts('End a pause', pauseBody, answers.changed) },
    async (request) => {
      const { target, reason } = request.body;
      return { changed: await desk.resume(actorOf(request), pauseTarget(target), reason) };
    },
  );
}
