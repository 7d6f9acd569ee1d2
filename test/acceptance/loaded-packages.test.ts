import { describe, expect, it } from 'vitest';
import { configFor } from '../support/command.js';
import { openPair } from '../support/databases.js';
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

  it('are, of the drivers, those that the configuration names', async () => {
    const pair = await openPair('SQLite');
    const config = await configFor(pair);
    try {
      const loaded = await packagesLoadedBy('status', '--config', config.file);
      const drivers = ['better-sqlite3', 'oracledb', 'pg'];
      expect(loaded.filter((name) => drivers.includes(name))).toEqual(['better-sqlite3']);
    } finally {
      await config.remove();
      await pair.close();
    }
  });
});
