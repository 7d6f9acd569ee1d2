import { describe, expect, it } from 'vitest';
import { hasPostgres } from '../support/postgres.js';
import { report } from './checker.js';
import { faultRun } from './fault-run.js';
import { scaled } from '../support/time-factor.js';

const seed = Number(process.env['FAULT_SEED'] ?? 20_261_122);

describe.runIf(hasPostgres)('fault suite, short, on PostgreSQL', { timeout: scaled(240_000) }, () => {
  it('nothing is lost, applied twice or out of order while processes, networks and servers fail', async () => {
    const { observations, violations, folder, summary } = await faultRun({
      seed,
      seconds: 25,
      customers: 60,
      rowsPerSecond: 20,
      poison: { throws: 1, exits: 1 },
      pauses: { process: [800, 3000], outer: [500, 2500] },
      troubles: {
        pauseMs: [500, 1500],
        lastMs: [2000, 10_000],
        stayInTen: 4,
        writeSeconds: 2,
        retried: true,
      },
      drainSeconds: 60,
    });
    console.log(`seed ${seed}: ${summary}`);
    expect(violations, `seed ${seed}, logs in ${folder}\n${report(observations, violations)}`).toEqual([]);
  });
});
