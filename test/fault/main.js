/* The long form of the fault suite: npm run test:fault -- --minutes 30 --seed 7 [--only random|big] */
import { spawn } from 'node:child_process';
import process from 'node:process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, seed: { type: 'string' }, only: { type: 'string' } },
});
const env = {
  ...process.env,
  FAULT_MINUTES: values.minutes ?? '1',
  FAULT_SEED: values.seed ?? String(Math.floor(Math.random() * 1e9)),
};
const chosen = values.only === undefined ? [] : [`test/fault/${values.only}`];
const vitest = spawn('npx', ['vitest', 'run', '--config', 'vitest.fault.config.ts', ...chosen], {
  stdio: 'inherit',
  env,
});
vitest.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
