import { readFile } from 'node:fs/promises';
import type { Arena, Contestant, Effort } from './contestant.js';
import { inSession } from './in-session.js';

const batchSize = 1000;

/** As long as the id of a worker, so that the journal's rows are of one size. */
const workerId = '5e710000-0000-4000-8000-000000001000';

/** The set-based loop inside one database, which writes State 1 when it claims, as a worker must. */
export const setLoop = loop('set-loop', '', false);

/** The same without State 1: as fast as such a loop can be. Takes part when it is asked for. */
export const setLoopByLock: Contestant = {
  ...loop('set-loop-by-lock', ', claims by lock alone', true),
  onlyAsked: true,
};

function loop(name: string, how: string, byLock: boolean): Contestant {
  return {
    name,
    title: `set-based PL/pgSQL loop, one database, ${batchSize} rows per commit${how}`,
    databases: 'one',
    mixes: ['opens'],
    prepare: ({ middle }) =>
      inSession(middle, async (client) => {
        await client.query(await readFile(new URL('./set-loop.sql', import.meta.url), 'utf8'));
      }),
    run: ({ middle }: Arena): Promise<Effort> =>
      inSession(middle, async (client) => {
        const startedAt = Date.now();
        // A literal call: a procedure that commits must not be in a transaction of the driver's.
        await client.query(`CALL bench_set_loop(${batchSize}, '${workerId}', ${byLock})`);
        return { startedAt };
      }),
  };
}
