import type { Rules } from './rules.js';

/*
 * The workers of one product store: what they must have in common, and how they share the shards.
 */

/**
 * What all workers of a product store must have in common: with different settings a customer could belong to no
 * worker, or one row be decided in two ways.
 */
export interface SharedSettings {
  readonly shards: number;
  /** Empty: all products. */
  readonly productIds: readonly string[];
  readonly rules: Rules;
}

/** A setting in which two workers differ, by its path in the configuration. */
export interface SettingMismatch {
  readonly path: string;
  readonly ours: string;
  readonly theirs: string;
}

/** The settings as text: the same for the same settings, in whatever order they are written. */
export function sharedSettingsText(settings: SharedSettings): string {
  return JSON.stringify(Object.fromEntries(settingsOf(settings)));
}

/** The settings in which another worker, known by its text, differs from ours. */
export function settingMismatches(ours: SharedSettings, theirText: string): SettingMismatch[] {
  const theirs = new Map(Object.entries(JSON.parse(theirText) as Record<string, unknown>));
  return settingsOf(ours).flatMap(([path, value]) => {
    const [our, their] = [JSON.stringify(value), JSON.stringify(theirs.get(path) ?? null)];
    return our === their ? [] : [{ path, ours: our, theirs: their }];
  });
}

function settingsOf({ shards, productIds, rules }: SharedSettings): [path: string, value: unknown][] {
  const ofRules = Object.entries(rules).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    ['worker.shards', shards],
    ['middle.productIds', [...new Set(productIds.map((id) => BigInt(id).toString()))].sort()],
    ...ofRules.map(([name, value]): [string, unknown] => [`rules.${name}`, value ?? null]),
  ];
}

/**
 * How many shards a worker may hold. Shards are shared evenly; the first workers hold one more where they do not divide.
 *
 * @param workers - all that are alive, itself included, in an order that all of them see
 */
export function fairShare(shards: number, workers: readonly string[], worker: string): number {
  const place = workers.indexOf(worker);
  if (place === -1) return 0;
  return Math.floor(shards / workers.length) + (place < shards % workers.length ? 1 : 0);
}
