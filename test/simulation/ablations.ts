import { guards, type Edit } from '../guards/guards.js';
import type { MiddleGuard } from './middle/scope.js';
import type { StoreGuard } from './store/server.js';

/** A guard that can be switched off: in the code of the worker, or as a rule that the simulated databases do not keep. */
export interface Ablation {
  readonly name: string;
  readonly off:
    | { readonly kind: 'rule'; readonly rule: MiddleGuard | StoreGuard }
    | { readonly kind: 'code'; readonly edits: readonly Edit[] };
}

const middleRules: Readonly<Record<MiddleGuard, true>> = {
  'claim expects State 0': true,
  'mark expects State 1': true,
  'mark expects the attempt': true,
  'claim skips locked rows': true,
  'mark skips locked rows': true,
  'new attempt is later': true,
  'attribute rows follow': true,
  'poll is one snapshot': true,
  'poll order': true,
  'poll leaves rows to settle': true,
};

const storeRules: Readonly<Record<StoreGuard, true>> = {
  fence: true,
  'fence locks': true,
  'journal key': true,
  'supersede closes entries': true,
  'term rises': true,
  'own commits are checked': true,
  'compared before deciding': true,
  'expired leases only are taken': true,
  'alarm stops applies': true,
};

/** Code that runs in a simulation: everything but the adapters. */
const simulated = /^src\/(?:domain|guard|worker)\/|^src\/middle\/changes\.ts$/;

/** All guards that a simulation can do without. */
export const ablations: readonly Ablation[] = [
  ...(Object.keys({ ...middleRules, ...storeRules }) as (MiddleGuard | StoreGuard)[]).map((rule) => ({
    name: rule,
    off: { kind: 'rule' as const, rule },
  })),
  ...guards
    .filter(({ edits }) => edits.every(({ file }) => simulated.test(file)))
    .map(({ name, edits }) => ({ name, off: { kind: 'code' as const, edits } })),
];

/** What is switched off, in the databases and in the code. */
export interface SwitchedOff {
  readonly rules: ReadonlySet<MiddleGuard | StoreGuard>;
  readonly edits: readonly Edit[];
}

/** The rules and edits of these guards. */
export function switchedOff(names: readonly string[]): SwitchedOff {
  const chosen = ablations.filter(({ name }) => names.includes(name));
  return {
    rules: new Set(chosen.flatMap(({ off }) => (off.kind === 'rule' ? [off.rule] : []))),
    edits: chosen.flatMap(({ off }) => (off.kind === 'code' ? off.edits : [])),
  };
}
