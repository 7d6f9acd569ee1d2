import cookie from '@fastify/cookie';
import formbody from '@fastify/formbody';
import helmet from '@fastify/helmet';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Desk } from '../operator/desk.js';
import { guardAccess, visitorOf } from './access.js';
import { registerActingRoutes, registerExport, registerReadingRoutes } from './api/routes.js';
import { registerConsole } from './console/register.js';
import { FaultAnswers, HttpFault } from './faults.js';
import { registerHealth, type HealthParts } from './health.js';
import { Hosts } from './hosts.js';
import { loginLimits, usualTries, type TriesAMinute } from './login-limits.js';
import { registerLogin } from './login.js';
import type { Metrics } from './metrics.js';
import { Sessions } from './sessions.js';
import { Users, type ConfiguredUser } from './users.js';
import { useZodSchemas } from './zod-schemas.js';

/*
 * The server: who may send requests at all (Host header), headers that every answer has, what machines ask without a
 * login, and behind the login the API and the console.
 */

/** What the configuration says of the server (`http`). */
export interface HttpSettings {
  readonly host: string;
  readonly users: readonly ConfiguredUser[];
  readonly allowedHosts: readonly string[];
  readonly trustedProxies: readonly string[];
}

/** What the server is made of. */
export interface HttpParts {
  readonly settings: HttpSettings;
  readonly desk: Desk;
  readonly health: HealthParts;
  readonly metrics: Metrics;
  readonly version: string;
  readonly logger?: FastifyBaseLogger;
  readonly triesAMinute?: TriesAMinute;
  /** Milliseconds that only grow: sessions end by it. Default: the process's. */
  readonly clock?: () => number;
}

const bodyLimit = 64 * 1024;
/** A request must have come as a whole by then. */
const requestTimeoutMs = 15_000;
const keepAliveTimeoutMs = 10_000;
const mostConnections = 256;

/** Makes the server; nothing listens yet. */
export async function createHttpServer(parts: HttpParts): Promise<FastifyInstance> {
  const { settings, version, logger } = parts;
  const app = fastify({
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    forceCloseConnections: 'idle',
    trustProxy: settings.trustedProxies.length > 0 ? [...settings.trustedProxies] : false,
    return503OnClosing: true,
  });
  app.server.maxConnections = mostConnections;
  app.removeContentTypeParser('text/plain');
  app.decorateRequest('asker', null);
  app.decorateRequest('triedName', '');
  const answers = new FaultAnswers();
  app.setErrorHandler((error, request, reply) => answers.answer(error, request, reply));
  refuseOtherHosts(app, settings);
  await sendSafeHeaders(app);
  await useZodSchemas(app, version);
  registerMachineRoutes(app, parts);
  await registerGuarded(app, parts, answers);
  return app;
}

function refuseOtherHosts(app: FastifyInstance, { host, allowedHosts }: HttpSettings): void {
  const hosts = new Hosts([host, ...allowedHosts]);
  app.addHook('onRequest', async (request) => {
    if (hosts.allows(request.raw)) return;
    const message = 'requests are not answered under this name: add it to http.allowedHosts if it is ours';
    throw new HttpFault(421, 'wrongHost', message);
  });
}

async function sendSafeHeaders(app: FastifyInstance): Promise<void> {
  const ours = ["'self'"];
  const none = ["'none'"];
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        ...{
          defaultSrc: none,
          styleSrc: ours,
          scriptSrc: ours,
          imgSrc: ["'self'", 'data:'],
          connectSrc: ours,
        },
        ...{ formAction: ours, frameAncestors: none, baseUri: none },
      },
    },
    // Without the page's origin a browser would not say where our own forms come from.
    referrerPolicy: { policy: 'same-origin' },
    xFrameOptions: { action: 'deny' },
    // Whether TLS is there is the proxy's to say.
    strictTransportSecurity: false,
  });
  app.addHook('onSend', async (_request, reply) => {
    if (!reply.hasHeader('cache-control')) void reply.header('cache-control', 'no-store');
  });
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

async function registerGuarded(app: FastifyInstance, parts: HttpParts, answers: FaultAnswers): Promise<void> {
  const { settings, desk, version, clock = () => performance.now() } = parts;
  const users = new Users(settings.users, clock);
  const sessions = new Sessions(clock);
  await app.register(cookie);
  const limits = await loginLimits(app, parts.triesAMinute ?? usualTries);
  await app.register((scope) => {
    guardAccess(scope, { users, sessions, limits });
    // Behind the login as well: what is not there is as little a stranger's business as what is.
    scope.setNotFoundHandler((request, reply) =>
      answers.answer(new HttpFault(404, 'notFound', 'there is nothing of that name'), request, reply),
    );
    scope.get(
      '/api/openapi.json',
      { schema: { tags: ['api'], summary: 'This document', response: { 200: { type: 'object' } } } },
      () => app.swagger(),
    );
    void scope.register(
      async (api) => {
        registerReadingRoutes(api, desk);
        registerExport(api, desk, clock);
        registerActingRoutes(api, desk);
      },
      { prefix: '/api/v1' },
    );
    void scope.register(async (pages) => {
      await pages.register(formbody, { bodyLimit });
      registerLogin(pages, { users, sessions, limits });
      await pages.register(async (console) => {
        console.addHook('onRoute', (route) => {
          route.schema = { ...route.schema, hide: true };
        });
        const sessionOf = (request: Parameters<typeof visitorOf>[0]) => visitorOf(request, users);
        answers.pages = registerConsole(console, { desk, version, sessionOf });
      });
    });
    return Promise.resolve();
  });
}
