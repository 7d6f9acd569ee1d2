import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import type { WorkerEvents } from '../../../src/worker/events.js';
import { logEvents } from '../../../src/telemetry/log-events.js';
import { loggerTo } from '../../../src/telemetry/logger.js';

type Logged = {
  readonly level: number;
  readonly event: string;
  readonly msg: string;
  readonly lately?: number;
};

let now: number;
let logged: Logged[];
let worker: EventEmitter<{ [Name in keyof WorkerEvents]: [WorkerEvents[Name]] }>;
beforeEach(() => {
  now = 0;
  logged = [];
  worker = new EventEmitter();
  const write = (line: string): void => void logged.push(JSON.parse(line) as Logged);
  logEvents(worker as never, loggerTo({ write }, { level: 'info', pretty: false }), () => now);
});

const outage = (failures: number) =>
  worker.emit('outage', { database: 'store', error: 'no answer', failures, delayMs: 150 });
const recovered = () => worker.emit('recovered', { database: 'store' });

describe('an outage in the log', () => {
  it('that lasts has lines at growing intervals, and one for its end', () => {
    for (let failures = 1; failures <= 1000; failures += 1) {
      outage(failures);
      now += 10_000;
    }
    recovered();
    const told = logged.filter(({ event }) => event === 'outage').map(({ lately }) => lately);
    expect(told).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    expect(logged.at(-1)).toMatchObject({ event: 'recovered', msg: 'the product store is available again' });
  });

  it('has them even where something else goes through between the failures: an hour of it has few lines', () => {
    for (let second = 0; second < 3600; second += 4) {
      outage(1);
      recovered();
      now += 4000;
    }
    const told = logged.filter(({ event }) => event === 'outage');
    expect(told.map(({ lately }) => lately)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512]);
    expect(told.at(-1)?.msg).toMatch(/retrying within 150 ms \(512 failures lately\)$/);
    expect(logged.filter(({ event }) => event === 'recovered')).toHaveLength(10);
  });

  it('is a new one after a minute without a failure, and the other database’s is its own', () => {
    for (let failures = 1; failures <= 3; failures += 1) outage(failures);
    worker.emit('outage', { database: 'middle', error: 'no answer', failures: 1, delayMs: 150 });
    now += 60_000;
    outage(1);
    expect(logged.map(({ lately }) => lately)).toEqual([1, 2, 1, 1]);
  });
});

describe('twenty thousand rows in the log', () => {
  it('that were refused have a line for each batch and code, with the first of them', () => {
    const example = { source: 'CUST' as const, streamingNo: '1', code: '00402', errContent: '00402 x' };
    for (let row = 0; row < 20_000; row += 1) {
      worker.emit('rowFailed', example);
      if (row % 1000 === 999)
        worker.emit('rowsFailed', { source: 'CUST', code: '00402', rows: 1000, examples: [example] });
    }
    expect(logged).toHaveLength(20);
    expect(logged[0]).toMatchObject({
      event: 'rowsFailed',
      msg: '1000 rows failed with 00402: IF_BNET_CUST:1',
    });
  });

  it('that came back, with other content or without, have a few lines with their number', () => {
    for (let row = 0; row < 20_000; row += 1) {
      worker.emit('alreadyJournalled', { source: 'CUST', streamingNo: String(row) });
      worker.emit('contentChanged', { source: 'CUST', streamingNo: String(row) });
    }
    expect(logged).toHaveLength(30);
    expect(logged.at(-1)?.msg).toContain('(16384 rows lately)');
  });
});

describe('a verification in the log', () => {
  const found = { rows: 7, customers: 3, notJudged: 0, durationMs: 20 };

  it('is an error where it found differences, with their number and where they are', () => {
    worker.emit('verifyFinished', { ...found, differences: 0, byKind: {} });
    worker.emit('verifyFinished', { ...found, differences: 2, byKind: { missing: 2 } });
    worker.emit('verifyFailed', { error: 'database or disk is full' });
    expect(logged).toMatchObject([
      { level: 30, msg: 'verification finished: 7 rows, no difference' },
      {
        level: 50,
        byKind: { missing: 2 },
        msg: expect.stringContaining('"bnet-sync verify --last"') as string,
      },
      { level: 50, msg: expect.stringContaining('database or disk is full') as string },
    ]);
  });
});
