import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scaled } from '../support/time-factor.js';
import { hasCompiler } from './core-program.js';
import { TraceProgram } from './trace-program.js';

const core = new URL('core', import.meta.url).pathname;

/** Rows a and b are applied and refused, and b is corrected and taken over by another worker. */
const corrected = [
  'take 0 1',
  'insert a',
  'insert b',
  'poll 0 ab',
  'claim 0 a1 b1',
  'decide 0 a1+ b1-',
  'mark 0 a2 b3',
  'reset b',
  'poll 0 b',
  'claim 0 b2',
  'take 1 2',
  'poll 1 b',
  'decide 1 b2+',
  'mark 1 b2',
];

/** Statements that land when their worker has polled again. */
const late = [
  ...['take 0 1', 'insert a', 'poll 0 a', 'poll 0 a', 'claim 0 a1', 'poll 0 a', 'decide 0 a1+'],
  ...['poll 0 a', 'mark 0 a2'],
];

const inParts = [
  ...['take 0 1', 'insert a', 'insert b', 'insert c', 'poll 0 abc', 'claim 0 a1 c1', 'claim 0 b1'],
  ...['decide 0 a1+', 'decide 0 b1- c1+', 'mark 0 a2', 'mark 0 b3 c2'],
];

describe.skipIf(!hasCompiler)('the model of traces', () => {
  let program: TraceProgram;
  beforeAll(async () => {
    program = await TraceProgram.open({ core, rows: 3, workers: 3 });
  }, scaled(60_000));
  afterAll(() => program.close());

  const judge = async (events: readonly string[], options = '0 1 1 0') =>
    (await program.judge([`trace t ${options}`, ...events, 'end'])).rejected;

  it.each([
    ['rows that fail, are corrected and change hands', corrected],
    ['statements that land when their worker has polled again', late],
    ['claims, applies and marks of a batch in parts', inParts],
    [
      'a poll that lands when its worker has given it up',
      [...corrected.slice(0, 5), 'poll 0 a', ...corrected.slice(5)],
    ],
    [
      'a process that ends, and another one',
      ['take 0 1', 'insert a', 'restart 0', 'take 0 2', 'poll 0 a', 'claim 0 a1'],
    ],
    [
      'a worker that takes its own lease again',
      ['take 0 1', 'take 0 2', 'insert a', 'poll 0 a', 'claim 0 a1', 'decide 0 a1+'],
    ],
    ['an old attempt that comes back and is answered', [...corrected, 'restore b1', 'poll 1 b', 'mark 1 b2']],
  ])('explains %s', async (_name, events) => {
    expect(await judge(events)).toBeNull();
  });

  it.each([
    ['a claim of a row that was not polled', ['take 0 1', 'insert a', 'claim 0 a1']],
    ['a poll without the lease', ['insert a', 'poll 0 a', 'claim 0 a1']],
    ['a lease taken without a higher term', ['take 0 1', 'take 1 1']],
    ['a row claimed before an earlier one', ['take 0 1', 'insert a', 'insert b', 'poll 0 b', 'claim 0 b1']],
    [
      'a decision under an earlier lease',
      [...corrected.slice(0, 4), 'claim 0 a1', 'take 1 2', 'take 0 3', 'decide 0 a1+'],
    ],
    ['a second decision of an attempt', [...corrected.slice(0, 6), 'poll 0 ab', 'decide 0 a1+']],
    ['an attempt whose number was given before', [...corrected.slice(0, 9), 'claim 0 b1']],
    ['a mark that the journal does not support', [...corrected.slice(0, 6), 'mark 0 a3']],
    ['a mark before that of an earlier row', [...corrected.slice(0, 6), 'mark 0 b3']],
    [
      'the mark of an earlier attempt',
      [
        ...corrected.slice(0, 6),
        'poll 0 ab',
        'mark 0 a2 b3',
        'reset b',
        'poll 0 b',
        'claim 0 b2',
        'mark 0 b3',
      ],
    ],
  ])('rejects %s, and names it', async (_name, events) => {
    expect(await judge(events.slice(0, -1))).toBeNull();
    expect(await judge(events)).toMatchObject({ event: events.at(-1), number: events.length });
  });

  it('lets a row be overtaken by one that it may wait for, and by no other', async () => {
    const overtaking = ['take 0 1', 'insert a', 'insert b', 'poll 0 b', 'claim 0 b1', 'decide 0 b1+'];
    expect(await judge(overtaking, '8 1 1 0')).toBeNull();
    expect(await judge(overtaking, '64 1 1 0')).toMatchObject({ event: 'claim 0 b1' });
  });

  describe('without the polls', () => {
    const hidden = '0 1 0 0';
    const withoutPolls = (events: readonly string[]) => events.filter((event) => !event.startsWith('poll'));

    it.each([
      ['rows that fail, are corrected and change hands', corrected],
      ['statements that land when their worker has polled again', late],
      ['claims, applies and marks of a batch in parts', inParts],
    ])('explains %s', async (_name, events) => {
      expect(await judge(withoutPolls(events), hidden)).toBeNull();
    });

    it.each([
      ['a claim without the lease', ['insert a', 'claim 0 a1']],
      [
        'a row decided before an earlier one',
        ['take 0 1', 'insert a', 'insert b', 'claim 0 b1', 'decide 0 b1+'],
      ],
      [
        'a row decided before one that arrived with it',
        ['take 0 1', 'insert b a', 'claim 0 b1', 'decide 0 b1+'],
      ],
      [
        'a decision under an earlier lease',
        ['take 0 1', 'insert a', 'claim 0 a1', 'take 1 2', 'decide 0 a1+'],
      ],
      ['a second decision of an attempt', [...corrected.slice(0, 6), 'decide 0 a1+']],
      ['a mark that the journal does not support', [...corrected.slice(0, 6), 'mark 0 a3']],
      ['a mark before that of an earlier row', [...corrected.slice(0, 6), 'mark 0 b3']],
    ])('rejects %s, and names it', async (_name, all) => {
      const events = withoutPolls(all);
      expect(await judge(events.slice(0, -1), hidden)).toBeNull();
      expect(await judge(events, hidden)).toMatchObject({ event: events.at(-1), number: events.length });
    });
  });

  describe('where only times tell the order', () => {
    /** Each event a tenth of a second behind the one before. */
    const timed = (events: readonly string[]) => events.map((event, index) => `@${index * 100} ${event}`);
    const within = (tolerance: number) => `0 1 0 ${tolerance}`;

    it('takes events that are close together in the order that explains them', async () => {
      const events = timed(['insert a', 'take 0 1', 'insert b', 'claim 0 b1', 'decide 0 b1+']);
      expect(await judge(events, within(100))).toMatchObject({ event: 'decide 0 b1+', number: 5 });
      expect(await judge(events, within(200))).toBeNull();
    });

    it.each([
      ['of one worker', ['take 0 1', 'insert a', 'decide 0 a1+', 'claim 0 a1']],
      ['of one row', ['take 0 1', 'claim 0 a1', 'insert a']],
      ['of the store', ['insert a', 'take 0 1', 'claim 0 a1', 'take 1 2', 'decide 0 a1+']],
    ])('leaves the order %s as it is', async (_name, events) => {
      expect(await judge(timed(events), within(1000))).not.toBeNull();
    });
  });

  it('says which promise the rejected event breaks', async () => {
    const rejection = await judge([...corrected.slice(0, 6), 'mark 0 b3']);
    expect(rejection?.details.join('\n')).toMatch(/breaks MARK ORDER[\s\S]*before: a\[State 1/);
  });

  it('misses every event that another one follows from', async () => {
    const without = corrected.map((_, index) => corrected.filter((_event, other) => other !== index));
    const accepted = await Promise.all(without.map((events) => judge(events)));
    const last = corrected.at(-1);
    expect(corrected.filter((_, index) => accepted[index] === null)).toEqual([last]);
  });

  it('notices two events in the wrong order', async () => {
    const swapped = corrected.slice(1).map((event, index) => {
      const events = [...corrected];
      events.splice(index, 2, event, corrected[index] ?? '');
      return events;
    });
    const accepted = await Promise.all(swapped.map((events) => judge(events)));
    // A lease may be taken before or after a row arrives or is claimed.
    const independent = [0, 1, 9];
    expect(accepted.flatMap((rejection, index) => (rejection === null ? [index] : []))).toEqual(independent);
  });
});
