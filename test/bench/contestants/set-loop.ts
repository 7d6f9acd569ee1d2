import { readFile } from 'node:fs/promises';
import type { Arena, Contestant, Effort } from './contestant.js';
import { inSession } from './in-session.js';

const batchSize = 1000;

/** As long as the id of a worker, so that the journal's rows are of one size. */
const workerId = '5e710000-0000-4000-8000-000000001000';

/** The set-based loop inside one database, which writes the States that a worker must: 1 at the claim, 2 at the mark. */
export const setLoop = loop('set-loop', '', false);

/** The same, but attributes are written once: within one transaction nobody would see their State 1. */
export const setLoopLean = loop('set-loop-lean', ', attributes written once', true);

function loop(name: string, how: string, lean: boolean): Contestant {
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
        await client.query(`CALL bench_set_loop(${batchSize}, '${workerId}', ${lean})`);
        return { startedAt };
      }),
  };
}
