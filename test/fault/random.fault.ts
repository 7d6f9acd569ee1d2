import { describe, expect, it } from 'vitest';
import { hasPostgres } from '../support/postgres.js';
import { report } from './checker.js';
import { faultRun } from './fault-run.js';
import { scaled } from '../support/time-factor.js';

const firstSeed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 1e9));
const minutes = Number(process.env['FAULT_MINUTES'] ?? 1);

describe.runIf(hasPostgres)('fault suite, random runs on PostgreSQL', () => {
  it(
    `${minutes} minutes of runs from seed ${firstSeed}: nothing is lost, applied twice or out of order`,
    async () => {
      const end = Date.now() + minutes * 60_000;
      for (let seed = firstSeed; seed === firstSeed || Date.now() < end; seed += 1) {
        const { observations, violations, folder, summary } = await faultRun({
          seed,
          seconds: Math.min(60, minutes * 60),
          customers: 100,
          rowsPerSecond: 25,
          poison: { throws: 3, exits: 2 },
          pauses: { process: [500, 3500], outer: [300, 2500] },
          troubles: {
            pauseMs: [800, 3000],
            lastMs: [2000, 25_000],
            stayInTen: 4,
            writeSeconds: 10,
            retried: seed % 2 === 0,
          },
          drainSeconds: 120,
        });
        console.log(`seed ${seed}: ${summary}`);
        expect(violations, `seed ${seed}, logs in ${folder}\n${report(observations, violations)}`).toEqual(
          [],
        );
      }
    },
    scaled(minutes * 60_000 + 600_000),
  );
});
