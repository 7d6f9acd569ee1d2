import type { FastifyInstance } from 'fastify';
import { DatabaseError } from '../database/errors.js';
import { withTimeout } from '../timeout.js';
import type { WorkerFeed } from '../telemetry/metrics.js';

/*
 * /healthz: the process lives, no database is asked. /readyz: both databases answer within two seconds and, with `run`,
 * the worker has registered, is not ending, and no alarm of the product store stops it. A worker without shards is ready: others hold them. Both are asked by
 * machines without a login, so that nothing in them is worth hiding.
 */

/** Asks a database whether it is there; fails with a DatabaseError. */
type Probe = () => Promise<void>;

/** What readiness depends on. */
export interface HealthParts {
  readonly probes: Readonly<Record<'middle' | 'store', Probe>>;
  /** Null: there is no worker in this process. */
  readonly worker: WorkerWatch | null;
  /** Milliseconds that only grow. */
  readonly clock: () => number;
}

/** The state of a worker, from its events. */
export interface WorkerStanding {
  readonly registered: boolean;
  readonly stopping: boolean;
  readonly shardsHeld: number;
  readonly shards: number | null;
  readonly workersAlive: number | null;
  readonly breakerOpen: boolean;
  /** The product store has lost something: no row is processed until an operator closes the alarm. */
  readonly storeWentBack: boolean;
}

/** Remembers how a worker stands. */
export class WorkerWatch {
  #standing: WorkerStanding = {
    registered: false,
    stopping: false,
    shardsHeld: 0,
    shards: null,
    workersAlive: null,
    breakerOpen: false,
    storeWentBack: false,
  };

  constructor(worker: WorkerFeed) {
    const is = (change: Partial<WorkerStanding>) => {
      this.#standing = { ...this.#standing, ...change };
    };
    worker.on('started', ({ shards }) => is({ registered: true, shards }));
    worker.on('leases', ({ held, workers }) => is({ shardsHeld: held, workersAlive: workers }));
    worker.on('breakerOpened', () => is({ breakerOpen: true }));
    worker.on('breakerClosed', () => is({ breakerOpen: false }));
    worker.on('storeWentBack', () => is({ storeWentBack: true }));
    worker.on('storeAccepted', () => is({ storeWentBack: false }));
    worker.on('stopping', () => is({ stopping: true }));
    worker.on('stopped', () => is({ stopping: true, registered: false, shardsHeld: 0 }));
  }

  get standing(): WorkerStanding {
    return this.#standing;
  }
}

interface DatabaseStanding {
  readonly reachable: boolean;
  readonly answeredMs: number | null;
  /** The kind of error; its message may say too much to clients without a login. */
  readonly error: string | null;
}

interface Readiness {
  readonly ready: boolean;
  readonly databases: Readonly<Record<'middle' | 'store', DatabaseStanding>>;
  readonly worker: WorkerStanding | null;
}

const keptMs = 1000;
const answerLimitMs = 2000;

/** Registers /healthz and /readyz. */
export function registerHealth(app: FastifyInstance, parts: HealthParts): void {
  const schema = { tags: ['machines'], response: { 200: { type: 'object' } } };
  app.get('/healthz', { schema: { ...schema, summary: 'The process lives' } }, () => ({ alive: true }));

  let kept: { readonly at: number; readonly databases: Promise<Readiness['databases']> } | undefined;
  app.get(
    '/readyz',
    {
      schema: {
        ...schema,
        summary: 'Both databases answer, and the worker is at work',
        response: { 200: { type: 'object' }, 503: { type: 'object' } },
      },
    },
    async (_request, reply) => {
      const now = parts.clock();
      if (kept === undefined || now - kept.at >= keptMs) kept = { at: now, databases: look(parts) };
      const readiness = readinessOf(await kept.databases, parts.worker?.standing ?? null);
      return reply.code(readiness.ready ? 200 : 503).send(readiness);
    },
  );
}

async function look({ probes, clock }: HealthParts): Promise<Readiness['databases']> {
  const [middle, store] = await Promise.all([ask(probes.middle, clock), ask(probes.store, clock)]);
  return { middle, store };
}

function readinessOf(databases: Readiness['databases'], worker: WorkerStanding | null): Readiness {
  const reachable = databases.middle.reachable && databases.store.reachable;
  const atWork = worker === null || (worker.registered && !worker.stopping && !worker.storeWentBack);
  return { ready: reachable && atWork, databases, worker };
}

async function ask(probe: Probe, clock: () => number): Promise<DatabaseStanding> {
  const startedAt = clock();
  try {
    await withTimeout(probe(), answerLimitMs, (reject) => {
      reject(new DatabaseError('timeout', 'no answer'));
    });
    return { reachable: true, answeredMs: Math.round(clock() - startedAt), error: null };
  } catch (error) {
    return {
      reachable: false,
      answeredMs: null,
      error: error instanceof DatabaseError ? error.kind : 'other',
    };
  }
}
