import type { Counterexample } from './counterexample.js';
import { decidedOnLoss, killed, lateMark } from './losses.js';
import { ambush, bind, corrected, open, scenarioOf, secondWorker, upon, write, wrong } from './rows.js';

/* What is known to break with all guards on (docs/protocol.md): where one of these holds one day, the documents are to say so. */

/** Known limits. */
export const limits: readonly Counterexample[] = [
  {
    name: 'restore-under-workers',
    // Workers run while the middle database is restored, and the mark of the old attempt is still on its way.
    scenario: scenarioOf([
      write(1000, wrong(open('1'))),
      ambush('mark', { what: 'held', until: 'mark', times: 2 }),
      upon('mark', corrected),
      upon('mark', { atMs: 0, kind: 'old attempt', pick: 0, withContent: true }, { skip: 1 }),
    ]),
    moments: ['State 1 → 3', 'State 1 → 2', 'State 2 → 1', 'State 1 → 3', 'mark arrives'],
    without: [],
    breaks: { kind: 'answer' },
  },
  {
    name: 'poison-limit',
    // Processes are killed as often as a row may be tried, each while it tries the same good row.
    scenario: scenarioOf([
      write(2000, open('1')),
      upon('claim', { atMs: 0, kind: 'kill', pick: 0, forMs: 100 }),
      ambush('fence', { what: 'kill', forMs: 100 }, { worker: 2 }),
      ambush('fence', { what: 'kill', forMs: 100 }, { worker: 3 }),
    ]),
    moments: ['worker 2: is killed', 'worker 3: is killed', 'decides CUST:1'],
    without: [],
    breaks: { row: 'CUST:1 State 1 → 3' },
  },
  {
    name: 'late-mark-limit',
    // The lost row stands in State 1 behind a full batch, and is marked between the comparison and the fence.
    scenario: scenarioOf(
      [
        secondWorker,
        write(2000, open('2')),
        ...lateMark({ what: 'held', until: 'claim', times: 1, untilWorker: 2 }),
        { atMs: 2600, kind: 'fail over', lostMs: 700 },
        write(2700, bind('1')),
      ],
      { settings: { batchSize: 1 } },
    ),
    moments: ['fails over', 'worker 1: mark arrives', 'decides ACCOUNT:1', 'worker 2: storeWentBack'],
    without: [],
    breaks: decidedOnLoss,
  },
  {
    name: 'same-incarnation',
    // The first worker finds its old lease with its comparison, and has lost nothing of its own.
    scenario: scenarioOf([
      secondWorker,
      { atMs: 2000, kind: 'freeze', pick: 0, forMs: 8000 },
      write(6500, open('1')),
      killed(7500, 0.75),
      { atMs: 8000, kind: 'fail over', lostMs: 6100, sameServer: true },
      write(12_000, bind('2')),
    ]),
    moments: ['worker 2-1: decides CUST:1', 'fails over', 'worker 1-1: decides ACCOUNT:2'],
    without: [],
    breaks: decidedOnLoss,
  },
];
