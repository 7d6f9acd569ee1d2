import helmet from '@fastify/helmet';
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { limitConnections } from './connection-limits.js';
import { HttpError, type ErrorResponses } from './errors.js';
import { Hosts } from './hosts.js';
import type { Security } from './security.js';
import type { ConfiguredUser } from './users.js';
import { useZodSchemas } from './zod-schemas.js';

/*
 * What every server of ours has in common: how long and how much a client may send, how many connections it may hold, under
 * which names it may ask (Host header), and the headers of every answer.
 */

/** What the configuration says of the server (`http`). */
export interface HttpSettings {
  readonly host: string;
  readonly users: readonly ConfiguredUser[];
  readonly allowedHosts: readonly string[];
  readonly trustedProxies: readonly string[];
  /** Probes and metrics are asked for on a port of their own. */
  readonly probePort?: number | undefined;
}

/** What every server of ours is made of. */
export interface BaseParts {
  readonly settings: HttpSettings;
  readonly version: string;
  readonly security: Security;
  readonly logger?: FastifyBaseLogger;
}

/** Longest body of a request, in bytes. */
export const bodyLimit = 64 * 1024;
/** Longest headers of a request, in bytes: a form that is shown again after a login is in its address. */
const headerLimit = 32 * 1024;
/** A request's headers must have come by then, counted from the connection's start or the request's first byte, in ms. */
const headersTimeoutMs = 5_000;
/** How often connections are checked for it, in ms; Node's own 30 s would keep silent ones for that long. */
const checkIntervalMs = 1_000;
/** A request must have come as a whole by then. */
const requestTimeoutMs = 15_000;
const keepAliveTimeoutMs = 10_000;
/** A client that takes nothing of an answer for so long is gone; longer than any action may take. */
const stalledMs = 600_000;

/** Makes a server without routes. */
export async function createBaseServer(
  { settings, version, logger }: BaseParts,
  answers: ErrorResponses,
): Promise<FastifyInstance> {
  const app = fastify({
    ...(logger === undefined ? { logger: false } : { loggerInstance: logger }),
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit,
    http: {
      headersTimeout: headersTimeoutMs,
      connectionsCheckingInterval: checkIntervalMs,
      maxHeaderSize: headerLimit,
    },
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveTimeoutMs,
    connectionTimeout: stalledMs,
    forceCloseConnections: 'idle',
    trustProxy: settings.trustedProxies.length > 0 ? [...settings.trustedProxies] : false,
    return503OnClosing: true,
  });
  limitConnections(app.server, settings.trustedProxies);
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler((error, request, reply) => answers.answer(error, request, reply));
  refuseOtherHosts(app, settings);
  await sendSafeHeaders(app);
  await useZodSchemas(app, version);
  return app;
}

function refuseOtherHosts(app: FastifyInstance, { host, allowedHosts }: HttpSettings): void {
  const hosts = new Hosts([host, ...allowedHosts]);
  app.addHook('onRequest', async (request) => {
    if (hosts.allows(request.raw)) return;
    const message = 'requests are not answered under this name: add it to http.allowedHosts if it is ours';
    throw new HttpError(421, 'wrongHost', message);
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
