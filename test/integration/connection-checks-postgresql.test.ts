import { describe, expect, it } from 'vitest';
import { Database } from '../../src/database/database.js';
import { column } from '../support/databases.js';
import { openOptions } from '../support/middle-databases.js';
import { createDatabase, hasPostgres } from '../support/postgres.js';
import { gate } from '../support/until.js';

describe.runIf(hasPostgres)('connections to PostgreSQL that are checked', () => {
  it('one whose check ends after all others were retired is one of them', async () => {
    const { connection, drop } = await createDatabase('checked');
    const database = new Database({ ...openOptions, client: 'pg', connection: { ...connection } });
    const [begun, retired] = [gate(), gate()];
    let checks = 0;
    database.checkConnections(async (_session, retireOthers) => {
      checks += 1;
      if (checks === 1) {
        begun.open();
        await retired.passed;
      } else if (checks === 2) {
        retireOthers();
        retired.open();
      }
    });
    const pid = 'SELECT pg_backend_pid()';
    const first = column(database, pid);
    await begun.passed;
    const second = await column(database, pid);
    const old = await first;
    const both = [
      column(database, `${pid} FROM pg_sleep(0.2)`),
      column(database, `${pid} FROM pg_sleep(0.2)`),
    ];
    const later = (await Promise.all(both)).flat();
    expect(later).toContain(second[0]);
    expect(later).not.toContain(old[0]);
    await database.close();
    await drop();
  });
});
