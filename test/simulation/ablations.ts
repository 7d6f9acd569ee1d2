import { guards, type Edit } from '../guards/guards.js';
import { protocolEdits } from './counterexamples/edits.js';
import type { MiddleGuard } from './middle/scope.js';
import type { StoreGuard } from './store/server.js';

/** A guard that can be switched off: in the code of the worker, as a rule that the simulated databases do not keep, or in both. */
export interface Ablation {
  readonly name: string;
  readonly rules: readonly (MiddleGuard | StoreGuard)[];
  readonly edits: readonly Edit[];
}

const middleRules: Readonly<Record<MiddleGuard, true>> = {
  'claim expects State 0': true,
  'mark expects State 1': true,
  'mark expects the attempt': true,
  'claim skips locked rows': true,
  'mark skips locked rows': true,
  'new attempt is later': true,
  'attribute rows follow': true,
  'marks land together': true,
  'poll is one snapshot': true,
  'poll finds State 1': true,
  'poll leaves out who waits': true,
  'poll finds what is awaited': true,
  'poll order': true,
  'poll leaves rows to settle': true,
};

const storeRules: Readonly<Record<StoreGuard, true>> = {
  fence: true,
  'fence compares the term': true,
  'batches name the server': true,
  'fence locks': true,
  'customers are read behind the fence': true,
  'journal is read behind the fence': true,
  'journal key': true,
  'entries are closed in the apply': true,
  'supersede closes entries': true,
  'term rises': true,
  'own commits are checked': true,
  'unknown commits are no evidence': true,
  'own commits name the worker': true,
  'compared before deciding': true,
  'comparison names the server': true,
  'fence advances compared shards only': true,
  'renewal advances compared shards only': true,
  'taking advances nothing': true,
  'a shard is known to hold what is older': true,
  'expired leases only are taken': true,
  'leases too far ahead are taken': true,
  'alarm stops applies': true,
  'idle transactions end': true,
};

/** Code that runs in a simulation: everything but the adapters. */
const simulated = /^src\/(?:domain|guard|worker)\/|^src\/middle\/changes\.ts$/;

const editsOf = (...names: readonly string[]): readonly Edit[] =>
  guards.filter(({ name }) => names.includes(name)).flatMap(({ edits }) => edits);

/** What takes several guards, or one that `test/guards` cannot show alone. */
const wholeDefences: readonly Ablation[] = [
  {
    name: 'everything that a locked row does not stop',
    rules: ['claim skips locked rows', 'mark skips locked rows'],
    edits: [
      {
        file: 'src/worker/bisect-batch.ts',
        find: 'return isLocked(error) || isRefusedByDatabase(error);',
        put: 'return !isLocked(error) && isRefusedByDatabase(error);',
      },
    ],
  },
  {
    name: 'the deferral of rows that do not change',
    rules: [],
    edits: [
      {
        file: 'src/worker/defer-rows.ts',
        find: 'if (refused.length === 0 && left.length === 0) return;',
        put: "if (refused.length === 0 && left.every(({ cause }) => cause === 'ignored')) return;",
      },
    ],
  },
  {
    name: 'the pause where the refusal itself is refused',
    rules: [],
    edits: [
      {
        file: 'src/worker/apply-stage.ts',
        find: 'tries === settings.maxAttempts ? 0',
        put: 'tries >= settings.maxAttempts ? 0',
      },
    ],
  },
  {
    name: 'the guard of the store',
    rules: ['own commits are checked', 'compared before deciding', 'alarm stops applies'],
    edits: editsOf(
      'the comparison of finished rows at a takeover',
      'the look at rows that were finished before they could be taken over',
    ),
  },
];

/** All guards that a simulation can do without. */
export const ablations: readonly Ablation[] = [
  ...(Object.keys({ ...middleRules, ...storeRules }) as (MiddleGuard | StoreGuard)[]).map((rule) => ({
    name: rule,
    rules: [rule],
    edits: [],
  })),
  ...[...guards, ...protocolEdits]
    .filter(({ edits }) => edits.every(({ file }) => simulated.test(file)))
    .map(({ name, edits }) => ({ name, rules: [], edits })),
  ...wholeDefences,
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
    rules: new Set(chosen.flatMap(({ rules }) => rules)),
    edits: chosen.flatMap(({ edits }) => edits),
  };
}
