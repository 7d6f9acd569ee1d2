const sql = 'of the statements of the real adapters, which a simulation does not have';
const sameGuard = (name: string) => `the same guard as \`${name}\``;

/** Ablations of the model that no scenario shows, each with the reason. */
export const notShown: Readonly<Record<string, string>> = {
  'state-1-first': sameGuard('poll-per-table'),
  'state-1-last': sameGuard('poll-per-table'),
  'own-claims-only': 'no code asks who claimed a row',
  'term-not-from-poll': sameGuard('fence-without-term'),
  'shared-lock': `the mode of a row lock: ${sql}`,
  'current-entries-purged': 'a purge is an operator’s; workers delete no entry',
  'shards-differ': 'all workers of a scenario have the same settings, and `register` refuses others',
  'shards-differ-no-key': 'all workers of a scenario have the same settings, and `register` refuses others',
  'poll-two-cutoffs': sql,
  'poll-no-cut': sql,
  'poison-batch': 'no code tries several rows at a time',
  'poison-key-order': 'the checker does not count the time in which processes end',
  'locks-row-order': sql,
  'locks-two-lanes': sql,
  'refused-mark-fails': 'no code marks a success 3',
  'deferral-after-release': 'one try more, which the checker does not count',
  'evidence-purged': 'a purge is an operator’s; workers delete no entry',
  'repair-without-look': 'a repair is an operator’s, and not simulated',
  'repair-keeps-evidence': 'a repair is an operator’s, and not simulated',
  'take-back-without-look': 'a repair is an operator’s, and not simulated',
  'take-back-whatever-state': 'a repair is an operator’s, and not simulated',
};

/** Guards of the simulation that no counterexample switches off, each with the reason. */
export const guardsNotShown: Readonly<Record<string, string>> = {
  'claim skips locked rows':
    'the statement is split until the locked row is alone: `locked-row-stops-all` has both switched off',
  'mark skips locked rows':
    'the statement is split until the locked row is alone: `locked-row-stops-all` has both switched off',
  'poll leaves rows to settle': 'rows whose CreateDate is still to come stand behind all others',
  'the marks of successes apart from those of failures':
    'a text that is refused is found by splitting, too: with more statements',
  'the deferral in the store, for a worker that takes over':
    'a worker that takes over tries once more, which the checker does not count',
  'the reading of deferrals with the leases':
    'a worker that takes over tries once more, which the checker does not count',
  'the end of a customer’s marks at one that was undone, or locked':
    'a locked mark holds the others back in its own statement; that one was undone is known when they have landed',
  'the breaker of each stage':
    'rows are claimed and decided that cannot be marked, which breaks no promise about rows',
  'the refusal of a row with too many attribute rows': 'the checker knows no most number of attribute rows',
  'the attribute rows that stay as they are where there are too many':
    'the checker knows no most number of attribute rows',
  'the attribute rows that are not read where there are too many':
    'the checker knows no most number of attribute rows',
  'the pause where the refusal itself is refused':
    'each try takes its statements’ time, which is too long for a busy loop',
};
