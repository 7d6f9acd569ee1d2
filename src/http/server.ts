import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import type { FastifyInstance } from 'fastify';
import type { OperatorService } from '../operator/operator-service.js';
import { guardAccess, principalOf } from './access.js';
import { registerActingRoutes, registerExport, registerReadingRoutes } from './api/routes.js';
import { bodyLimit, createBaseServer, type BaseParts } from './base-server.js';
import type { RegisterConsole } from './console-port.js';
import { ErrorResponses, HttpError } from './errors.js';
import { registerHealth, type HealthParts } from './health.js';
import { registerLogin } from './login.js';
import type { Metrics } from '../telemetry/metrics.js';
import { Sessions } from './sessions.js';
import { Users } from './users.js';

/*
 * The server: what machines ask without a login (on this port, or on one of their own), and behind the login the API and
 * the console.
 */

/** What the server is made of. */
export interface HttpParts extends BaseParts {
  readonly operator: OperatorService;
  readonly health: HealthParts;
  readonly metrics: Metrics;
  /** Adds the console's pages. */
  readonly registerConsole: RegisterConsole;
  /** Milliseconds that only grow: sessions end by it. Default: the process's. */
  readonly clock?: () => number;
}

/** Makes the server; nothing listens yet. */
export async function createHttpServer(parts: HttpParts): Promise<FastifyInstance> {
  const answers = new ErrorResponses(parts.security);
  const app = await createBaseServer(parts, answers);
  app.decorateRequest('principal', null);
  if (parts.settings.probePort === undefined) registerMachineRoutes(app, parts);
  await registerGuarded(app, parts, answers);
  return app;
}

/** Makes the server of `http.probePort`: what machines ask, and nothing else. */
export async function createProbeServer(parts: HttpParts): Promise<FastifyInstance> {
  const answers = new ErrorResponses(parts.security);
  const app = await createBaseServer(parts, answers);
  app.setNotFoundHandler((request, reply) => answers.answer(notThere(), request, reply));
  registerMachineRoutes(app, parts);
  return app;
}

function notThere(): HttpError {
  return new HttpError(404, 'notFound', 'there is nothing of that name');
}

/** What machines ask without a login: nothing in it is secret. */
function registerMachineRoutes(app: FastifyInstance, { health, metrics }: HttpParts): void {
  registerHealth(app, health);
  app.get(
    '/metrics',
    {
      schema: {
        tags: ['machines'],
        summary: 'Metrics for Prometheus',
        response: { 200: { type: 'string' } },
      },
    },
    async (_request, reply) => {
      const text = await metrics.text();
      return reply.type(metrics.registry.contentType).serializer(String).send(text);
    },
  );
}

async function registerGuarded(
  app: FastifyInstance,
  parts: HttpParts,
  answers: ErrorResponses,
): Promise<void> {
  const { settings, operator, version, security, registerConsole, clock = () => performance.now() } = parts;
  const users = new Users(settings.users, clock);
  const sessions = new Sessions(clock);
  await app.register(cookie);
  await app.register((scope) => {
    guardAccess(scope, { users, sessions, security });
    // Behind the login as well: what is not there is as little a stranger's business as what is.
    scope.setNotFoundHandler((request, reply) => answers.answer(notThere(), request, reply));
    scope.get(
      '/api/openapi.json',
      { schema: { tags: ['api'], summary: 'This document', response: { 200: { type: 'object' } } } },
      () => app.swagger(),
    );
    void scope.register(
      async (api) => {
        registerReadingRoutes(api, operator);
        registerExport(api, operator, { now: clock, events: security });
        registerActingRoutes(api, operator);
      },
      { prefix: '/api/v1' },
    );
    void scope.register(async (pages) => {
      await pages.register(formbody, { bodyLimit });
      registerLogin(pages, { users, sessions, security });
      await pages.register(async (console) => {
        console.addHook('onRoute', (route) => {
          route.schema = { ...route.schema, hide: true };
        });
        const sessionOf = (request: Parameters<typeof principalOf>[0]) => principalOf(request, users);
        answers.pages = registerConsole(console, { operator, version, sessionOf });
      });
    });
    return Promise.resolve();
  });
}
