import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readArguments, UsageError } from './arguments.js';
import { RunRecord } from './run-record.js';
import type { SeedResult } from './seeds.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bnet-sync-simulation-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the command line of simulations', () => {
  it.each([
    [['--seeds', 'many'], '--seeds takes a whole number above 0'],
    [['--seeds', '0'], '--seeds takes a whole number above 0'],
    [['--sedes', '10'], '--sedes'],
    [['--without', 'fance'], 'no such guard: fance'],
  ])('is refused where it is wrong: %j', (args, words) => {
    expect(() => readArguments(args)).toThrow(UsageError);
    expect(() => readArguments(args)).toThrow(words);
  });

  it('takes a seed or a file to tell about', () => {
    expect(readArguments(['--tell', '7'])).toMatchObject({ scenario: { seed: 7 } });
    expect(readArguments(['--tell', 'a.json'])).toMatchObject({ scenario: { file: 'a.json' } });
  });
});

describe('the record of a run', () => {
  const result = (seed: number, kinds: readonly string[] = []): SeedResult => {
    return { seed, kinds, events: 10, hash: seed, counts: { outage: 1 } };
  };

  it('goes on where a block is missing, and counts none twice', async () => {
    const file = join(folder, 'run.json');
    const first = await RunRecord.open(file, { from: 1, without: [] });
    first.add([result(1), result(2)], 1);
    first.add([result(5, ['order']), result(6)], 2);
    await first.save();
    const second = await RunRecord.open(file, { from: 1, without: [] });
    expect(second.state).toMatchObject({
      next: 3,
      played: 2,
      events: 20,
      counts: { outage: 2 },
      failures: [],
    });
    second.add([result(5, ['order']), result(6)], 1);
    second.add([result(3), result(4)], 2);
    expect(second.state).toMatchObject({ next: 7, played: 6, hash: 1 ^ 2 ^ 3 ^ 4 ^ 5 ^ 6, seconds: 3 });
    expect(second.state.failures).toEqual([{ seed: 5, kinds: ['order'] }]);
  });

  it('is not that of another run, nor of anything else', async () => {
    const file = join(folder, 'other.json');
    await (await RunRecord.open(file, { from: 100, without: [] })).save();
    await expect(RunRecord.open(file, { from: 1, without: [] })).rejects.toThrow('its first seed is 100');
    await writeFile(file, 'no JSON');
    await expect(RunRecord.open(file, { from: 1, without: [] })).rejects.toThrow(UsageError);
    await expect(RunRecord.open(folder, { from: 1, without: [] })).rejects.toThrow(UsageError);
  });
});
