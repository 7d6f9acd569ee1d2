import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, explain } from '../../../src/cli/exit-codes.js';
import { ConfigError } from '../../../src/config/config-error.js';
import { DatabaseError, type DatabaseErrorKind } from '../../../src/database/errors.js';
import { ShardsDifferError } from '../../../src/store/port.js';

function failure(kind: DatabaseErrorKind, message: string): DatabaseError {
  const error = new DatabaseError(kind, message);
  error.database = 'product store';
  return error;
}

describe('exit codes', () => {
  it('are 2 for wrong usage and configuration, 0 where only help was asked for', () => {
    expect(exitCodeOf(new CommanderError(1, 'commander.unknownOption', 'unknown option'))).toBe(2);
    expect(exitCodeOf(new CommanderError(0, 'commander.helpDisplayed', ''))).toBe(0);
    expect(exitCodeOf(new ConfigError([{ path: 'worker', message: 'is missing' }]))).toBe(2);
    expect(exitCodeOf(new ShardsDifferError(8, 16))).toBe(2);
  });

  it('are 3 where a database cannot be reached or refuses the credentials, else 1', () => {
    for (const kind of ['unreachable', 'credentials', 'connectionLost', 'timeout'] as const) {
      expect(exitCodeOf(failure(kind, ''))).toBe(3);
    }
    for (const kind of ['schema', 'conflict', 'unavailable', 'constraint', 'data', 'other'] as const) {
      expect(exitCodeOf(failure(kind, ''))).toBe(1);
    }
    expect(exitCodeOf(new Error('bug'))).toBe(1);
  });
});

describe('what is printed for an error', () => {
  it('is one line that names the database', () => {
    expect(explain(failure('unreachable', 'connect ECONNREFUSED'))).toBe(
      'the product store cannot be reached: connect ECONNREFUSED',
    );
    expect(explain(failure('credentials', 'password authentication failed'))).toBe(
      'the product store refuses the credentials: password authentication failed',
    );
  });

  it('is every fault of a configuration', () => {
    const faults = ['middle', 'store'].map((path) => ({ path, message: 'is missing' }));
    expect(explain(new ConfigError(faults, '/etc/bnet-sync.yaml'))).toBe(
      '/etc/bnet-sync.yaml cannot be used:\nmiddle: is missing\nstore: is missing',
    );
  });

  it('is nothing where the command line has printed it, and the place where the program is at fault', () => {
    expect(explain(new CommanderError(1, 'commander.unknownOption', 'unknown option'))).toBeNull();
    expect(explain(new TypeError('undefined is not a function'))).toContain('exit-codes.test.ts');
  });
});
