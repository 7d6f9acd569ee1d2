import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasCompiler } from '../model/core-program.js';
import type { TraceProgram } from '../model/trace-program.js';
import { hasPostgres } from '../support/postgres.js';
import { report } from './checker.js';
import { faultRun, type FaultRunResult } from './fault-run.js';
import { traceProgram } from './judge-traces.js';
import { scaled } from '../support/time-factor.js';

const seed = Number(process.env['FAULT_SEED'] ?? 20_261_122);

const options = {
  seed,
  seconds: 25,
  customers: 60,
  rowsPerSecond: 20,
  poison: { throws: 1, exits: 1 },
  pauses: { process: [800, 3000], outer: [500, 2500] },
  troubles: { pauseMs: [500, 1500], lastMs: [2000, 10_000], stayInTen: 4, writeSeconds: 2, retried: true },
  drainSeconds: 60,
} as const;

describe.runIf(hasPostgres)('fault suite, short, on PostgreSQL', { timeout: scaled(240_000) }, () => {
  let program: TraceProgram | null = null;
  let run: FaultRunResult | undefined;
  beforeAll(async () => {
    program = await traceProgram();
  }, scaled(60_000));
  afterAll(() => program?.close());

  it('nothing is lost, applied twice or out of order while processes, networks and servers fail', async () => {
    run = await faultRun(options, program);
    const { observations, violations, folder, summary } = run;
    console.log(`seed ${seed}: ${summary}`);
    expect(violations, `seed ${seed}, logs in ${folder}\n${report(observations, violations)}`).toEqual([]);
  });

  it.skipIf(!hasCompiler)('and the protocol model explains all that the databases saw of it', () => {
    expect(run?.traces.unexplained, `seed ${seed}, logs in ${run?.folder ?? ''}`).toEqual([]);
    expect(run?.traces.traces).toBeGreaterThan(100);
  });
});
