import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import * as actions from '../../operator/contract/actions.js';
import * as repairs from '../../operator/contract/repair.js';
import * as rows from '../../operator/contract/rows.js';
import * as state from '../../operator/contract/state.js';
import { verificationSchema } from '../../operator/contract/verification.js';
import { filter, rowKey } from '../../operator/inputs.js';
import { namedFilter } from '../../operator/named.js';
import type { OperatorService } from '../../operator/operator-service.js';
import { errorSchema, HttpError, TooManyRequestsError } from '../errors.js';
import type { Security } from '../security.js';
import { failedCsv } from './failed-csv.js';
import * as requests from './request-schemas.js';

/*
 * The JSON API: the operator service, over HTTP. Everything under /api/v1 stays as it is; fields may be added.
 */

const errors = { 400: errorSchema, 401: errorSchema, 503: errorSchema };
const tags = ['api'];
const security = [{ session: [] }, { basic: [] }];

/** Describes a route that reads. */
function reads(summary: string, answer: z.ZodType, more: object = {}) {
  return { schema: { tags, security, summary, ...more, response: { 200: answer, ...errors } } };
}

/** Who acts, for the audit: a user of the console's pages, or a script. */
function actorOf({ principal }: FastifyRequest): actions.Actor & { readonly via: 'api' | 'console' } {
  return { name: principal?.name ?? '', via: (principal?.session ?? null) === null ? 'api' : 'console' };
}

/** Registers the routes that read. */
export function registerReadingRoutes(scope: FastifyInstance, operator: OperatorService): void {
  const { failedQuery, listQuery, auditQuery } = requests;
  const summaries = {
    overview: reads('Counts, activity, workers, databases', state.overviewSchema),
    groups: reads('Failures by table and code', rows.failureGroupsSchema),
    workers: reads('Registered workers and their shards', state.workersSchema),
    pauses: reads('Pauses in force', state.pausesSchema),
    verification: reads('Verifications on record, the last one with its differences', verificationSchema),
    repair: reads('The present or last repair of this process, and open alarms', repairs.repairStateSchema),
    audit: reads('Recorded actions, newest first', actions.auditSchema, { querystring: auditQuery }),
    failed: reads('Failed rows, those that failed last first', rows.rowListSchema, {
      querystring: failedQuery,
    }),
    processing: reads('Rows in State 1, oldest first', rows.processingSchema, { querystring: listQuery }),
    deferred: reads('Deferred rows, those deferred longest first', rows.deferredSchema, {
      querystring: listQuery,
    }),
  };
  scope.get('/overview', summaries.overview, () => operator.overview());
  scope.get('/failure-groups', summaries.groups, () => operator.failureGroups());
  scope.get('/workers', summaries.workers, () => operator.workers());
  scope.get('/pauses', summaries.pauses, () => operator.pauses());
  scope.get('/verify', summaries.verification, () => operator.verification());
  scope.get('/repair', summaries.repair, () => operator.repairState());
  scope.get<{ Querystring: z.output<typeof auditQuery> }>(
    '/audit',
    summaries.audit,
    ({ query: { limit, before } }) => operator.audit({ limit, ...(before !== undefined && { before }) }),
  );
  scope.get<{ Querystring: z.output<typeof failedQuery> }>('/failed', summaries.failed, ({ query }) =>
    operator.failed(query.filter, query.request),
  );
  scope.get<{ Querystring: z.output<typeof listQuery> }>('/processing', summaries.processing, ({ query }) =>
    operator.processing(query.limit),
  );
  scope.get<{ Querystring: z.output<typeof listQuery> }>('/deferred', summaries.deferred, ({ query }) =>
    operator.deferred(query.limit),
  );
  registerRowRoute(scope, operator);
}

function registerRowRoute(scope: FastifyInstance, operator: OperatorService): void {
  const { schema } = reads('Everything about a row', rows.rowDetailsSchema, { params: rowKey });
  const response = { ...schema.response, 404: errorSchema };
  scope.get<{ Params: z.output<typeof rowKey> }>(
    '/rows/:table/:streamingNo',
    { schema: { ...schema, response } },
    async ({ params }) => {
      const row = await operator.row(params);
      if (row.rows.length > 0 || row.journal.length > 0) return row;
      const message = `neither ${row.table} nor the journal has a row ${row.streamingNo}`;
      throw new HttpError(404, 'notFound', message);
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
  scope.get<{ Querystring: z.output<typeof filter> }>(
    '/failed.csv',
    {
      schema: {
        ...{ tags, security },
        summary: 'Failed rows as CSV, at most 100,000, UTF-8 with a byte order mark',
        querystring: filter,
        produces: ['text/csv'],
        response: { 200: { type: 'string' }, ...errors, 429: errorSchema },
      },
    },
    async (request, reply) => {
      const { query } = request;
      if (running >= mostExports) throw new TooManyRequestsError('other exports are running', 30);
      running += 1;
      reply.raw.once('close', () => (running -= 1));
      const { name, via } = actorOf(request);
      const detail = JSON.stringify(namedFilter(query));
      events.report({ kind: 'export', name, address: request.ip, via, result: 'ok', detail });
      const csv = await failedCsv(operator, query, { now });
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="bnet-sync-failed.csv"')
        .send(csv);
    },
  );
}

/** What a route that changes something says of itself. */
interface ActingTexts<Body extends z.ZodType> {
  readonly summary: string;
  readonly body: Body;
  readonly answer: z.ZodType;
  /** It has only begun: 202 instead of 200, and 409 where it cannot. */
  readonly begins?: true;
}

/** Adds routes that change something to a scope. */
function actingOn(scope: FastifyInstance) {
  return <Body extends z.ZodType>(
    path: string,
    { summary, body, answer, begins }: ActingTexts<Body>,
    act: (actor: actions.Actor, body: z.output<Body>) => Promise<unknown>,
  ): void => {
    const description =
      'For operators. By session it needs the header x-csrf-token; by HTTP Basic it does not.';
    const good = begins === true ? { 202: answer, 409: errorSchema } : { 200: answer };
    const response = { ...good, ...errors, 403: errorSchema };
    const schema = { tags, security, summary, description, body, response };
    scope.post(path, { schema }, async (request, reply) => {
      const result = await act(actorOf(request), request.body as z.output<Body>);
      return reply.code(begins === true ? 202 : 200).send(result);
    });
  };
}

/** Registers what changes something. */
export function registerActingRoutes(scope: FastifyInstance, operator: OperatorService): void {
  const acts = actingOn(scope);
  const { requeueBody, requeueMatchingBody, retryBody, pauseBody } = requests;
  acts(
    '/requeue',
    { summary: 'Put failed rows back to State 0', body: requeueBody, answer: actions.requeueReportSchema },
    (actor, { rows: keys, ...options }) => operator.requeue(actor, keys, options),
  );
  acts(
    '/requeue-matching',
    {
      summary: 'Put all failed rows that match back, for five seconds at most; then continue with the rest',
      body: requeueMatchingBody,
      answer: actions.matchReportSchema,
    },
    (actor, { target, ...options }) => operator.requeueMatching(actor, target, options),
  );
  acts(
    '/retry',
    { summary: 'Try deferred rows at once', body: retryBody, answer: actions.retryReportSchema },
    (actor, { rows: keys, reason }) => operator.retry(actor, keys, reason),
  );
  acts(
    '/pause',
    { summary: 'Pause a table or a product', body: pauseBody, answer: actions.pausedSchema },
    async (actor, { target, reason }) => {
      const changed = await operator.pause(actor, target, reason);
      return { changed, known: await operator.knowsTarget(target) };
    },
  );
  acts(
    '/resume',
    { summary: 'End a pause', body: pauseBody, answer: actions.changedSchema },
    async (actor, { target, reason }) => ({ changed: await operator.resume(actor, target, reason) }),
  );
  registerRepairRoutes(scope, operator);
}

function registerRepairRoutes(scope: FastifyInstance, operator: OperatorService): void {
  const acts = actingOn(scope);
  const answer = repairs.backgroundRepairSchema;
  acts(
    '/repair',
    {
      summary: 'Start a repair of the product store in this process, or a dry run; GET shows how far it is',
      ...{ body: requests.repairBody, answer, begins: true },
    },
    (actor, order) => operator.startRepair(actor, order),
  );
  acts(
    '/repair/cancel',
    {
      summary: 'End the repair after the set it is at; what it did stays done',
      ...{ body: requests.cancelRepairBody, answer, begins: true },
    },
    async (actor) => {
      const job = await operator.cancelRepair(actor);
      if (job === null) throw new HttpError(409, 'conflict', 'no repair is running in this process');
      return job;
    },
  );
}
