import type { Rules } from './rules.js';

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

/** A setting in which two agreements differ, by its path in the configuration. */
export interface SettingMismatch {
  readonly path: string;
  readonly ours: string;
  readonly theirs: string;
}

/** An agreement as text: the same for the same settings, whatever the order in which they were written. */
export function sharedSettingsText(agreement: SharedSettings): string {
  return JSON.stringify(Object.fromEntries(settingsOf(agreement)));
}

/** In which settings another worker, known by its agreement's text, differs from ours. */
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
