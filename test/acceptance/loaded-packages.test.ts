import { describe, expect, it } from 'vitest';
import { packagesLoadedBy } from '../support/loaded-packages.js';

/** Packages that take long to load. */
const heavy = ['better-sqlite3', 'fastify', 'knex', 'oracledb', 'pg', 'pino', 'zod'];

describe('acceptance: the packages that a command loads', () => {
  it.each([['--help'], ['--version'], ['help'], ['nonsense']])(
    '%s loads none that takes long to load',
    async (argument) => {
      const loaded = await packagesLoadedBy(argument);
      expect(loaded).toContain('commander');
      expect(loaded.filter((name) => heavy.includes(name))).toEqual([]);
    },
  );
});
