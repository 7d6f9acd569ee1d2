import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyBaseLogger, FastifyInstance } from 'fastify';
import { ConfigError } from '../config/config-error.js';
import type { Config } from '../config/schema.js';
import { registerConsole } from '../console/register.js';
import { createOperator, createRepairRunner } from './create-operator.js';
import type { SyncWorker } from './create-worker.js';
import { WorkerWatch } from '../http/health.js';
import { isLoopback } from '../http/hosts.js';
import { Metrics } from '../telemetry/metrics.js';
import { isWeakHash } from '../http/password.js';
import { createHttpServer, createProbeServer } from '../http/server.js';
import { Security } from '../http/security.js';
import { securitySinks } from '../http/security-sinks.js';
import { endedBySignal, type RepairRunner } from '../operator/repair/repair-runner.js';
import { packageVersion } from '../package-version.js';
import { openDatabases, type OpenDatabases, type OpenOptions } from './open-databases.js';

/*
 * The HTTP server over the databases of a configuration. It has connections of its own, few and with short limits, so
 * that whoever looks cannot slow the worker; and one more to each database for /readyz, so that whoever looks cannot make
 * the process seem ill.
 */

/** A server that answers. */
export interface RunningServer {
  /** Where: `http://127.0.0.1:9464`. */
  readonly url: string;
  /** Where probes and metrics are asked for; the same without `http.probePort`. */
  readonly probeUrl: string;
  /** Answers what it was asked, for a second at most, and closes its connections. */
  close(): Promise<void>;
}

/** What a server tells of besides the databases. */
export interface ServerOptions {
  readonly logger: FastifyBaseLogger;
  /** The worker of this process; absent: there is none. */
  readonly worker?: SyncWorker;
}

type HttpConfig = NonNullable<Config['http']>;

const consoleConnections = 2;
const consoleLimitMs = 5000;
const probeLimitMs = 2000;
const closeLimitMs = 1000;
const repairEndLimitMs = 5000;

/**
 * Starts the server of `http`. ConfigError where there is no `http`, where it would be open to others without a login, and
 * where its address or port cannot be had.
 */
export async function startHttpServer(config: Config, options: ServerOptions): Promise<RunningServer> {
  const http = requireSafety(config.http);
  const open: (() => Promise<void>)[] = [];
  let closeFirst = async (): Promise<void> => undefined;
  const closeAll = async () => {
    await closeFirst();
    await Promise.all(open.map((close) => close()));
  };
  try {
    const { app, probes, security, repairs } = await serversOver(config, http, { ...options, open });
    closeFirst = async () => {
      await Promise.all([...[...new Set([app, probes])].map(closeServer), endRepair(repairs)]);
      await recordLast(security);
    };
    await listen(app, http, 'port');
    if (probes !== app) await listen(probes, http, 'probePort');
    requireLoopback(app, http);
    warnOfWeakHashes(http, options.logger);
    return { url: urlOf(app, http), probeUrl: urlOf(probes, http), close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** Closed by default: what others can reach needs a login. */
function requireSafety(http: Config['http']): HttpConfig {
  if (http === undefined) {
    const message = 'is missing: name at least the port, such as http: { port: 9464 }';
    throw new ConfigError([{ path: 'http', message }]);
  }
  if (http.users.length === 0 && !isLoopback(http.host)) throw openToOthers(http.host);
  return http;
}

function openToOthers(host: string): ConfigError {
  const message =
    `are needed where others can reach the server (http.host is ${host}): give each a name, a role and the ` +
    'passwordHash that "bnet-sync hash-password" prints, or set http.host to 127.0.0.1';
  return new ConfigError([{ path: 'http.users', message }]);
}

interface Servers {
  readonly app: FastifyInstance;
  readonly probes: FastifyInstance;
  readonly security: Security;
  readonly repairs: RepairRunner;
}

/** The server, and the one that machines ask: the same without `http.probePort`. */
async function serversOver(
  config: Config,
  http: HttpConfig,
  { logger, worker, open }: ServerOptions & { readonly open: (() => Promise<void>)[] },
): Promise<Servers> {
  const common = { byKey: true, takesTurns: true };
  const opened = async (options: OpenOptions): Promise<OpenDatabases> => {
    const databases = await openDatabases(config, options);
    open.push(() => databases.close());
    return databases;
  };
  const looking = await opened({
    ...common,
    applicationName: 'bnet-sync console',
    maxConnections: consoleConnections,
    callLimitMs: consoleLimitMs,
  });
  const probing = await opened({
    ...common,
    applicationName: 'bnet-sync probe',
    maxConnections: 1,
    callLimitMs: probeLimitMs,
  });
  const clock = () => performance.now();
  const repairs = createRepairRunner(config, {
    // With the limits of the command: what is read and written at once takes longer than a page may.
    open: async () => {
      const databases = await openDatabases(config, { ...common, applicationName: 'bnet-sync repair' });
      return { databases: databases.admin, close: () => databases.close() };
    },
    onFailure: (error) => {
      logger.error({ err: error }, 'the repair failed');
    },
  });
  const operator = createOperator(config, looking, repairs);
  const metrics = new Metrics({
    overview: () => operator.overview(),
    pools: () => [looking.pools(), probing.pools(), ...(worker === undefined ? [] : [worker.pools()])],
    worker: worker ?? null,
  });
  const probes = { middle: () => probing.middle.database.ping(), store: () => probing.store.ping() };
  const watch = worker === undefined ? null : new WorkerWatch(worker);
  const security = new Security(securitySinks({ logger, metrics, records: looking.store.admin.records }));
  const parts = {
    ...{ settings: http, operator, metrics, logger, security, registerConsole, version: packageVersion() },
    health: { probes, worker: watch, clock },
  };
  const app = await createHttpServer(parts);
  const ofProbes = http.probePort === undefined ? app : await createProbeServer(parts);
  return { app, probes: ofProbes, security, repairs };
}

const listenFaults: Readonly<Record<string, { readonly of: 'port' | 'host'; readonly words: string }>> = {
  EADDRINUSE: { of: 'port', words: 'is in use by another process: stop it, or choose another port' },
  EACCES: { of: 'port', words: 'may not be used by this user: choose a port above 1023' },
  EADDRNOTAVAIL: { of: 'host', words: 'is no address of this machine' },
  ENOTFOUND: { of: 'host', words: 'is no name that this machine knows' },
};

async function listen(app: FastifyInstance, http: HttpConfig, name: 'port' | 'probePort'): Promise<void> {
  const [{ host }, port] = [http, http[name] ?? 0];
  const what = name === 'port' ? 'listening' : 'probes and metrics: listening';
  try {
    await app.listen({ host, port, listenTextResolver: (address) => `${what} on ${address}` });
  } catch (error) {
    const fault = listenFaults[(error as NodeJS.ErrnoException).code ?? ''];
    if (fault === undefined) throw error;
    const path = `http.${fault.of === 'port' ? name : 'host'}`;
    throw new ConfigError([{ path, message: `${host}:${port} ${fault.words}` }]);
  }
}

/** A name may mean another address than one would think. */
function requireLoopback(app: FastifyInstance, { host, users }: HttpConfig): void {
  const reachable = (app.addresses() as AddressInfo[]).find(({ address }) => !isLoopback(address));
  if (users.length === 0 && reachable !== undefined) throw openToOthers(`${host}, ${reachable.address}`);
}

/** Hashes of older versions go on working. */
function warnOfWeakHashes({ users }: HttpConfig, logger: FastifyBaseLogger): void {
  const names = users.filter(({ passwordHash }) => isWeakHash(passwordHash)).map(({ name }) => name);
  if (names.length === 0) return;
  const words =
    'weak password hashes in http.users: they work, but cost an attacker less than those of "bnet-sync hash-password" today; make them anew';
  logger.warn({ users: names }, words);
}

function urlOf(app: FastifyInstance, { host }: HttpConfig): string {
  const { port } = app.server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host.replace(/[[\]]/g, '')}]` : host}:${port}`;
}

/** What happened in the present minute is recorded, unless the product store does not answer. */
async function recordLast(security: Security): Promise<void> {
  await atMost(closeLimitMs, security.endMinute());
}

/** A repair ends after the set it is at, and its outcome is recorded, unless a database does not answer. */
async function endRepair(repairs: RepairRunner): Promise<void> {
  if (repairs.cancel(endedBySignal) !== null) await atMost(repairEndLimitMs, repairs.ended());
}

async function atMost(limitMs: number, work: Promise<void>): Promise<void> {
  const limit = new AbortController();
  const late = pause(limitMs, undefined, { signal: limit.signal, ref: false }).catch(() => undefined);
  await Promise.race([work, late]);
  limit.abort();
}

async function closeServer(app: FastifyInstance): Promise<void> {
  const timer = setTimeout(() => {
    app.server.closeAllConnections();
  }, closeLimitMs);
  await app.close();
  clearTimeout(timer);
}
