const sql = 'of the statements of the real adapters, which a simulation does not have';
const sameGuard = (name: string) => `the same guard as \`${name}\``;
const knownLimit = 'a known limit: every guard is on';

/** Ablations of the model that no scenario shows, each with the reason. */
export const notShown: Readonly<Record<string, string>> = {
  'superseded-before-claim':
    'the code closes entries within the apply only, and a row whose apply is rolled back is decided anew',
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
  'poll-no-overtaking': 'a bind that is refused after its wait breaks no promise that the checker judges',
  'poll-clock-behind-by-date': 'the checker takes CreateDate for the time at which a row was written',
  'poll-grace-behind-by-date': 'the checker takes CreateDate for the time at which a row was written',
  'poison-batch': 'no code tries several rows at a time',
  'poison-key-order': 'the checker does not count the time in which processes end',
  'poison-limit': knownLimit,
  'locks-row-order': sql,
  'locks-two-lanes': sql,
  'refused-mark-fails': 'no code marks a success 3',
  'deferral-after-release': 'one try more, which the checker does not count',
  'restore-under-workers': knownLimit,
  'no-guard': 'each of its guards is shown for itself',
  'evidence-without-worker':
    'a shard changes hands twice within one lease time of the state that comes back, while its first holder knows of nothing',
  'evidence-purged': 'a purge is an operator’s; workers delete no entry',
  'finished-meanwhile-ignored':
    'the customer’s later rows are left out, and the next comparison finds the row: LOST in the model is of the shard',
  'no-high-water-mark': 'the checker takes every row that is set by hand for a violation',
  'late-mark-limit': knownLimit,
  'same-incarnation': knownLimit,
};
