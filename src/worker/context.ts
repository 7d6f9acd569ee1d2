import type { Stage } from '../domain/deferral.js';
import type { MiddleDatabase } from '../middle/port.js';
import type { ProductStore } from '../store/port.js';
import type { CircuitBreakers } from './circuit-breaker.js';
import { ClaimRegister } from './claim-register.js';
import type { Deferrals } from './deferrals.js';
import type { Emit } from './events.js';
import { InFlight } from './in-flight.js';
import type { DatabaseHealth } from './database-health.js';
import type { WorkerSettings } from './settings.js';
import { Sightings } from './sightings.js';
import type { StoreGuard } from './store-guard.js';
import type { Clock } from './clock.js';

/** What the stages of a worker share. */
export interface WorkerContext {
  readonly middle: MiddleDatabase;
  readonly store: ProductStore;
  readonly settings: WorkerSettings;
  readonly inFlight: InFlight;
  readonly claims: ClaimRegister;
  readonly sightings: Sightings;
  readonly deferrals: Deferrals;
  readonly breakers: CircuitBreakers;
  readonly health: DatabaseHealth;
  readonly guard: StoreGuard;
  readonly emit: Emit;
  readonly clock: Clock;
}

/** What a worker remembers of rows: nothing, when it starts. */
export function newMemory(
  { shards, settleMs, dependencyGraceMs }: WorkerSettings,
  clock: Clock,
): Pick<WorkerContext, 'inFlight' | 'claims' | 'sightings'> {
  return {
    inFlight: new InFlight(clock),
    claims: new ClaimRegister(shards),
    sightings: new Sightings(clock, Math.max(settleMs, dependencyGraceMs)),
  };
}

/** Rows went through a stage. True where its breaker closes with them. */
export function recordProgress({ breakers, emit }: WorkerContext, stage: Stage): boolean {
  const closes = breakers[stage].rowApplied();
  if (closes && breakers.closed) emit('breakerClosed', {});
  return closes;
}
