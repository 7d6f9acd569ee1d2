import type { Stage } from '../domain/deferral.js';
import type { MiddleDatabase } from '../middle/port.js';
import type { ProductStore } from '../store/port.js';
import type { Breakers } from './breaker.js';
import { Claims } from './claims.js';
import type { Deferrals } from './deferrals.js';
import type { Emit } from './events.js';
import { Hand } from './hand.js';
import type { Outages } from './outages.js';
import type { WorkerSettings } from './settings.js';
import { Sightings } from './sightings.js';
import type { StoreGuard } from './store-guard.js';
import type { Time } from './time.js';

/** What the stages of a worker share. */
export interface Workshop {
  readonly middle: MiddleDatabase;
  readonly store: ProductStore;
  readonly settings: WorkerSettings;
  readonly hand: Hand;
  readonly claims: Claims;
  readonly sightings: Sightings;
  readonly deferrals: Deferrals;
  readonly breakers: Breakers;
  readonly outages: Outages;
  readonly guard: StoreGuard;
  readonly emit: Emit;
  readonly time: Time;
}

/** What a worker remembers of rows: nothing, when it starts. */
export function newMemory(
  { shards, settleMs, dependencyGraceMs }: WorkerSettings,
  time: Time,
): Pick<Workshop, 'hand' | 'claims' | 'sightings'> {
  return {
    hand: new Hand(time),
    claims: new Claims(shards),
    sightings: new Sightings(time, Math.max(settleMs, dependencyGraceMs)),
  };
}

/** Rows went through a stage. True where its breaker closes with them. */
export function wentThrough({ breakers, emit }: Workshop, stage: Stage): boolean {
  const closes = breakers[stage].rowApplied();
  if (closes && breakers.closed) emit('breakerClosed', {});
  return closes;
}
