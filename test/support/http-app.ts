import { randomBytes, scryptSync } from 'node:crypto';
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { registerConsole } from '../../src/console/register.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import type { HttpSettings } from '../../src/http/base-server.js';
import { Security } from '../../src/http/security.js';
import type { CountedSecurityEvent } from '../../src/http/security-events.js';
import { createHttpServer, type HttpParts } from '../../src/http/server.js';
import { FakeOperator } from './fake-operator.js';

/** The password of all users in tests. */
export const password = 'right password';

/** A hash that is quick to check; servers take it, and warn of it. */
export function quickHash(text: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(text, salt, 32, { N: 2 ** 14, r: 8, p: 1 });
  const [plainSalt, plainHash] = [salt, hash].map((bytes) => bytes.toString('base64').replace(/=+$/, ''));
  return `$scrypt$ln=14,r=8,p=1$${plainSalt}$${plainHash}`;
}

const passwordHash = quickHash(password);

/** A reader and an operator. */
export const users: HttpSettings['users'] = [
  { name: 'eye', role: 'reader', passwordHash },
  { name: 'ops', role: 'operator', passwordHash },
];

/** The header of HTTP Basic. */
export function basic(name: string, secret = password): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}` };
}

/** A server that does not listen, over a fake operator service, with a clock of its own. */
export interface HttpApp {
  readonly app: FastifyInstance;
  readonly operator: FakeOperator;
  readonly clock: { now: number };
  /** What the server told of its safety: to the log, to the audit, and by kind to the metric. */
  readonly told: {
    readonly log: CountedSecurityEvent[];
    readonly audit: CountedSecurityEvent[];
    readonly counted: string[];
  };
  /** Ends the minute in which such events are counted together. */
  endMinute(): Promise<void>;
  inject(options: InjectOptions | string): Promise<LightMyRequestResponse>;
  /** Logs in by the form; returns the cookie and the CSRF token that pages carry. */
  login(name: string): Promise<{ cookie: string; csrfToken: string }>;
}

/** Makes such a server. */
export async function httpApp(
  settings: Partial<HttpSettings> = { users },
  parts: Partial<HttpParts> = {},
): Promise<HttpApp> {
  const operator = new FakeOperator();
  const clock = { now: 1000 };
  const told: HttpApp['told'] = { log: [], audit: [], counted: [] };
  const security = new Security({
    count: (kind) => told.counted.push(kind),
    log: (event) => told.log.push(event),
    record: async (event) => {
      told.audit.push(event);
    },
  });
  const pool = { used: 0, idle: 0, waiting: 0 };
  const app = await createHttpServer({
    registerConsole,
    settings: { host: '127.0.0.1', users: [], allowedHosts: [], trustedProxies: [], ...settings },
    operator,
    metrics: new Metrics({
      overview: () => operator.overview(),
      pools: () => [{ middle: pool, store: pool }],
      worker: null,
    }),
    health: {
      probes: { middle: async () => undefined, store: async () => undefined },
      worker: null,
      clock: () => clock.now,
    },
    version: '0.0.0',
    security,
    clock: () => clock.now,
    ...parts,
  });
  const inject: HttpApp['inject'] = async (options) => app.inject(options);
  const login = async (name: string) => {
    const answer = await inject({ method: 'POST', url: '/login', ...form({ name, password }) });
    const cookie = String(answer.headers['set-cookie']).split(';', 1)[0] ?? '';
    const page = await inject({ url: '/pauses', headers: { cookie, accept: 'text/html' } });
    const csrfToken = /name="csrfToken" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    return { cookie, csrfToken };
  };
  return { app, operator, clock, told, endMinute: () => security.endMinute(), inject, login };
}

/** All routes of a server, as `GET /api/v1/rows/:table/:streamingNo`, without those for HEAD. */
export function routesOf(app: FastifyInstance): string[] {
  const above: string[] = [];
  return app
    .printRoutes({ commonPrefix: false })
    .split('\n')
    .flatMap((line) => {
      const [, indent = '', part = '', methods = ''] =
        /^((?:[│ ] {3})*)[├└]── (\S*)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
      above.length = indent.length / 4;
      const path = (above.at(-1) ?? '') + part;
      above.push(path);
      const others = methods.split(', ').filter((method) => method !== '' && method !== 'HEAD');
      return others.map((method) => `${method} ${path}`);
    });
}

/** The body of a form and its header. */
export function form(fields: Record<string, string>) {
  return {
    payload: new URLSearchParams(fields).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' } as Record<string, string>,
  };
}
