import { describe, expect, it } from 'vitest';
import { durabilityOf, type Replication } from '../../../src/domain/replication.js';

const replication = (changes: Partial<Replication>): Replication => ({
  isStandby: false,
  readOnlyBy: null,
  synchronousCommit: 'on',
  synchronousNames: '',
  standbys: ['b'],
  ...changes,
});

describe('what becomes of a commit', () => {
  it.each([
    ['oneServer', { standbys: [] }],
    ['lostInFailOver', {}],
    ['lostInFailOver', { synchronousNames: '*', synchronousCommit: 'local' }],
    ['lostInCrash', { synchronousNames: '*', synchronousCommit: 'off' }],
    ['lostInCrash', { standbys: [], synchronousCommit: 'off' }],
    ['kept', { synchronousNames: '*' }],
    ['kept', { synchronousNames: '*', synchronousCommit: 'remote_apply' }],
    ['waits', { synchronousNames: '*', standbys: [] }],
  ] as const)('%s: %j', (expected, changes) => {
    expect(durabilityOf(replication(changes))).toBe(expected);
  });

  it.each([
    ['b', 'kept'],
    ['c, B', 'kept'],
    ['c', 'waits'],
    ['FIRST 1 (c, b)', 'kept'],
    ['first 2 (b, c)', 'waits'],
    ['ANY 2 (*)', 'waits'],
    ['any 1(b)', 'kept'],
    ['2 (b, c, d)', 'waits'],
    [' ANY 1 ( "c,b" , "b" ) ', 'kept'],
    ['"c,b"', 'waits'],
    ['"first"', 'waits'],
  ])('with synchronous_standby_names %j: %s', (synchronousNames, expected) => {
    expect(durabilityOf(replication({ synchronousNames }))).toBe(expected);
  });

  it('knows a standby by a name in quotes', () => {
    const standbys = ['node "1"', 'node,2'];
    const synchronousNames = 'ANY 2 ("node ""1""", "node,2")';
    expect(durabilityOf(replication({ standbys, synchronousNames }))).toBe('kept');
  });
});
