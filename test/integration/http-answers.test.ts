import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseError } from '../../src/database/errors.js';
import * as actions from '../../src/operator/contract/actions.js';
import * as repairs from '../../src/operator/contract/repair.js';
import * as rows from '../../src/operator/contract/rows.js';
import * as state from '../../src/operator/contract/state.js';
import { verificationSchema } from '../../src/operator/contract/verification.js';
import { RepairRunningError, StagingError } from '../../src/operator/repair/repair-runner.js';
import { NoOriginError, NotOurProductError } from '../../src/operator/requests.js';
import { hostile, longNumber } from '../support/fake-operator-data.js';
import { basic, httpApp, routesOf, users, type HttpApp } from '../support/http-app.js';

const headers = basic('ops');

describe('the HTTP server answers', () => {
  let made: HttpApp;
  beforeEach(async () => {
    made = await httpApp();
  });
  afterEach(async () => {
    await made.app.close();
  });

  it('every route of the API as the OpenAPI document says', async () => {
    const { inject } = made;
    const key = { table: 'IF_BNET_CUST', streamingNo: longNumber };
    const gets = {
      '/api/v1/overview': state.overviewSchema,
      '/api/v1/failure-groups': rows.failureGroupsSchema,
      '/api/v1/failed?limit=5': rows.rowListSchema,
      '/api/v1/processing': rows.processingSchema,
      '/api/v1/deferred': rows.deferredSchema,
      [`/api/v1/rows/${key.table}/${key.streamingNo}`]: rows.rowDetailsSchema,
      '/api/v1/workers': state.workersSchema,
      '/api/v1/pauses': state.pausesSchema,
      '/api/v1/verify': verificationSchema,
      '/api/v1/audit': actions.auditSchema,
      '/api/v1/repair': repairs.repairStateSchema,
    };
    const posts = {
      '/api/v1/requeue': [actions.requeueReportSchema, { rows: [key], dryRun: true }],
      '/api/v1/requeue-matching': [actions.matchReportSchema, { filter: { code: '00402' }, dryRun: true }],
      '/api/v1/retry': [actions.retryReportSchema, { rows: [key] }],
      '/api/v1/pause': [actions.changedSchema, { target: { productId: '007' } }],
      '/api/v1/resume': [actions.changedSchema, { target: { productId: '7' } }],
    } as const;
    for (const [url, schema] of Object.entries(gets)) {
      const answer = await inject({ url, headers });
      expect(answer.statusCode, url).toBe(200);
      expect(schema.safeParse(answer.json()).error, url).toBeUndefined();
    }
    for (const [url, [schema, payload]] of Object.entries(posts)) {
      const answer = await inject({ method: 'POST', url, headers, payload });
      expect(answer.statusCode, url).toBe(200);
      expect(schema.safeParse(answer.json()).error, url).toBeUndefined();
    }
  });

  it('a repair as begun, with 202 and where it stands, and a second or an impossible one with a refusal', async () => {
    const { inject, operator } = made;
    const post = (url: string, payload: object) =>
      inject({ method: 'POST', url: `/api/v1/repair${url}`, headers, payload });
    const asked = { dryRun: true, custId: '007' };
    expect((await post('', {})).json()).toMatchObject({ error: { details: [{ field: 'body.dryRun' }] } });
    expect((await post('', { ...asked, custId: '7x' })).statusCode).toBe(400);
    expect((await post('/cancel', {})).statusCode).toBe(409);
    const begun = await post('', asked);
    expect([begun.statusCode, repairs.backgroundRepairSchema.parse(begun.json())]).toMatchObject([
      202,
      { status: 'running', custId: '7', productId: null, all: false, reason: null },
    ]);
    expect(operator.repairs.orders).toMatchObject([
      { actor: { name: 'ops', via: 'api' }, order: { custId: '7' } },
    ]);
    const state = (await inject({ url: '/api/v1/repair', headers })).json<object>();
    expect(repairs.repairStateSchema.parse(state)).toMatchObject({ job: { status: 'running' }, alarms: [] });
    expect((await post('/cancel', {})).json()).toMatchObject({ status: 'ending' });
    for (const [refusal, status, code] of [
      [new RepairRunningError(), 409, 'conflict'],
      [new NoOriginError(), 409, 'noOrigin'],
      [new NotOurProductError('7'), 400, 'badRequest'],
      [new StagingError('better-sqlite3 is not installed'), 503, 'notInstalled'],
    ] as const) {
      operator.repairs.refusal = refusal;
      const answer = await post('', asked);
      expect([answer.statusCode, answer.json()]).toMatchObject([
        status,
        { error: { code, message: refusal.message } },
      ]);
    }
  });

  it('an OpenAPI document that holds every route', async () => {
    const { app, inject } = made;
    const document = (await inject({ url: '/api/openapi.json', headers })).json<{
      openapi: string;
      paths: Record<string, Record<string, { responses: object; parameters?: { name: string }[] }>>;
    }>();
    expect(document.openapi).toBe('3.1.0');
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    );
    const others = ['GET /healthz', 'GET /readyz', 'GET /metrics', 'POST /login', 'POST /logout'];
    const api = routesOf(app).filter((route) => route.includes(' /api/'));
    expect(documented.sort()).toEqual([...api, ...others].sort());
    expect(api).toHaveLength(20);
    const { parameters } = document.paths['/api/v1/failed']!['get']!;
    expect(parameters?.map(({ name }) => name)).toContain('customer');
    expect(JSON.stringify(document)).toContain('IF_BNET_ACCOUNT');
  });

  it('what is wrong with a question, by field, value and remedy', async () => {
    const { inject } = made;
    const cases: [string, string][] = [
      ['/api/v1/failed?limit=10001', 'query.limit "10001": must be 1 to 10000'],
      ['/api/v1/failed?limit=0', 'query.limit "0": must be 1 to 10000'],
      ['/api/v1/deferred?limit=10001', 'query.limit "10001": must be 1 to 10000'],
      ['/api/v1/failed?code=402', 'query.code "402": must be 5 digits, such as 00402, or none'],
      ['/api/v1/failed?customer=1e5', 'query.customer "1e5": must be 1 to 30 digits'],
      ['/api/v1/failed?since=2026-02-31', 'query.since "2026-02-31": is not a calendar date'],
      ['/api/v1/failed?after=forged', 'invalid or expired cursor: start from the first page'],
      ['/api/v1/failed?custmer=1', 'Unrecognized key: "custmer"'],
      ['/api/v1/failed?table=CUST&table=ACCOUNT', 'query.table'],
      ['/api/v1/rows/IF_BNET_OTHER/1', 'must be IF_BNET_CUST or IF_BNET_ACCOUNT'],
      ['/api/v1/rows/CUST/1%27', 'must be 1 to 30 digits'],
    ];
    for (const [url, words] of cases) {
      const answer = await inject({ url, headers });
      expect(answer.statusCode, url).toBe(400);
      expect(answer.json<{ error: { message: string } }>().error.message, url).toContain(words);
    }
    const wrongBody = await inject({
      method: 'POST',
      url: '/api/v1/requeue-matching',
      headers,
      payload: { filter: { custmer: '1' }, dryRun: true },
    });
    expect(wrongBody.statusCode).toBe(400);
    expect(wrongBody.body).toContain('custmer');
    const unsaid = await inject({
      method: 'POST',
      url: '/api/v1/requeue-matching',
      headers,
      payload: { filter: {} },
    });
    expect(unsaid.json()).toMatchObject({ error: { details: [{ field: 'body.dryRun' }] } });
  });

  it('bodies that are too long, of another type or no JSON with a refusal', async () => {
    const { inject } = made;
    const post = (payload: string, type: string) =>
      inject({
        method: 'POST',
        url: '/api/v1/pause',
        payload,
        headers: { ...headers, 'content-type': type },
      });
    expect((await post('x'.repeat(70_000), 'application/json')).statusCode).toBe(413);
    expect((await post('target=x', 'application/x-www-form-urlencoded')).statusCode).toBe(415);
    expect((await post('{}', 'text/plain')).statusCode).toBe(415);
    expect((await post('{', 'application/json')).statusCode).toBe(400);
  });

  it('an outage with 503 and the database’s name, and nothing of the inside', async () => {
    const { inject, operator } = made;
    operator.outage = new DatabaseError('timeout', 'secret words of SELECT at 10.0.0.7');
    operator.outage.database = 'middle database';
    const answer = await inject({ url: '/api/v1/failure-groups', headers });
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({
      error: { code: 'unavailable', message: 'the middle database did not answer in time' },
    });
    const page = await inject({ url: '/failure-groups', headers: { ...headers, accept: 'text/html' } });
    expect(page.body).not.toContain('10.0.0.7');
    expect((await inject({ url: '/api/v1/overview', headers })).statusCode).toBe(200);
  });

  it('a fault of the program with 500 and nothing of the inside', async () => {
    const { inject, operator } = made;
    operator.failureGroups = () => Promise.reject(new TypeError('secret at /work/src/x.ts'));
    const answer = await inject({ url: '/api/v1/failure-groups', headers });
    expect([answer.statusCode, answer.json()]).toMatchObject([500, { error: { code: 'internal' } }]);
    expect(answer.body).not.toContain('secret');
  });

  it('what is not there with 404: JSON for programs, a page for people', async () => {
    const { inject } = made;
    const answer = await inject({ url: '/api/v1/nothing', headers });
    expect([answer.statusCode, answer.json()]).toMatchObject([404, { error: { code: 'notFound' } }]);
    const row = await inject({ url: '/api/v1/rows/CUST/42', headers });
    expect([row.statusCode, row.json()]).toMatchObject([404, { error: { code: 'notFound' } }]);
    const page = await inject({ url: '/nothing', headers: { ...headers, accept: 'text/html' } });
    expect(page.statusCode).toBe(404);
    expect(page.body).toContain('href="/failure-groups"');
    expect(page.headers['content-type']).toContain('text/html');
  });

  it('foreign text as text: in JSON that no browser takes for a page, and in CSV', async () => {
    const { inject } = made;
    const json = await inject({ url: `/api/v1/rows/CUST/${longNumber}`, headers });
    expect(json.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(json.headers['x-content-type-options']).toBe('nosniff');
    expect(json.json<{ rows: { custName: string }[] }>().rows[0]?.custName).toBe(hostile.name);
    const csv = await inject({ url: '/api/v1/failed.csv?table=cust', headers });
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(csv.headers['content-disposition']).toContain('attachment');
    expect(csv.body).toContain(longNumber);
    const page = await inject({ url: '/failed', headers: { ...headers, accept: 'text/html' } });
    expect(page.body).not.toContain('<img src=x');
  });

  it('with headers that let nothing foreign run, and keep nothing', async () => {
    const { inject } = made;
    for (const url of [
      '/',
      '/login',
      '/healthz',
      '/metrics',
      '/api/v1/failure-groups',
      '/nothing',
      '/api/v1/failed?limit=x',
    ]) {
      const { headers: given } = await inject({ url, headers });
      expect(given['content-security-policy'], url).toBe(
        "default-src 'none';style-src 'self';script-src 'self';img-src 'self' data:;connect-src 'self';" +
          "form-action 'self';frame-ancestors 'none';base-uri 'none'",
      );
      expect(given, url).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'same-origin',
      });
      expect(given['x-powered-by'], url).toBeUndefined();
    }
  });

  it('nothing under a name that is not ours, whatever is asked', async () => {
    const { inject } = made;
    for (const url of ['/', '/login', '/healthz', '/metrics', '/api/v1/failure-groups', '/nothing']) {
      const answer = await inject({ url, headers: { ...headers, host: 'evil.example:9464' } });
      expect([answer.statusCode, answer.body.includes('http.allowedHosts')], url).toEqual([421, true]);
    }
    const named = await httpApp({ users, allowedHosts: ['console.example.com'] });
    const ours = await named.inject({ url: '/healthz', headers: { host: 'console.example.com' } });
    expect(ours.statusCode).toBe(200);
    await named.app.close();
  });
});

describe('/readyz', () => {
  it('is 503 while a database is away, tells which, and asks again after a second at the earliest', async () => {
    let away: DatabaseError | null = null;
    let asked = 0;
    const clock = { now: 0 };
    const store = async () => {
      asked += 1;
      if (away !== null) throw away;
    };
    const health = { probes: { middle: async () => undefined, store }, worker: null, clock: () => clock.now };
    const { app, inject } = await httpApp({ users }, { health });
    expect((await inject('/readyz')).json()).toMatchObject({ ready: true, worker: null });
    away = new DatabaseError('unreachable', 'connect ECONNREFUSED 10.0.0.7:5432');
    expect((await inject('/readyz')).statusCode).toBe(200);
    expect(asked).toBe(1);
    clock.now += 1000;
    const answer = await inject('/readyz');
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      ready: false,
      databases: { middle: { reachable: true }, store: { reachable: false, error: 'unreachable' } },
    });
    expect(answer.body).not.toContain('10.0.0.7');
    expect((await inject('/healthz')).statusCode).toBe(200);
    await app.close();
  });
});
