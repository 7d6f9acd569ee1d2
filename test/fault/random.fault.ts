import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TraceProgram } from '../model/trace-program.js';
import { hasPostgres } from '../support/postgres.js';
import { report } from './checker.js';
import { faultRun, type FaultRunOptions } from './fault-run.js';
import { traceProgram } from './judge-traces.js';
import { scaled } from '../support/time-factor.js';

const firstSeed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 1e9));
const minutes = Number(process.env['FAULT_MINUTES'] ?? 1);

/** A run of a seed. */
function optionsOf(seed: number): FaultRunOptions {
  return {
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
  };
}

describe.runIf(hasPostgres)('fault suite, random runs on PostgreSQL', () => {
  let program: TraceProgram | null = null;
  beforeAll(async () => {
    program = await traceProgram();
  }, scaled(60_000));
  afterAll(() => program?.close());

  it(
    `${minutes} minutes of runs from seed ${firstSeed}: nothing is lost, applied twice or out of order, and the model explains it`,
    async () => {
      const end = Date.now() + minutes * 60_000;
      for (let seed = firstSeed; seed === firstSeed || Date.now() < end; seed += 1) {
        const run = await faultRun(optionsOf(seed), program);
        const { observations, violations, traces, folder, summary } = run;
        console.log(`seed ${seed}: ${summary}`);
        const about = `seed ${seed}, logs in ${folder}`;
        expect(violations, `${about}\n${report(observations, violations)}`).toEqual([]);
        expect(traces.unexplained, about).toEqual([]);
      }
    },
    scaled(minutes * 60_000 + 600_000),
  );
});
