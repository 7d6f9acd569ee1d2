import { counted, pluralise } from './pluralise.js';
import type { Texts } from './zh.js';

/** The texts of the page about verifications, in English. */
export const enVerify: Pick<Texts, 'verification'> = {
  verification: {
    title: 'Verification',
    explain:
      'Replays the rows in State 2 by the workers’ own rules and compares the result with the product store. Changes nothing, and runs beside the workers.',
    never: 'No verification has finished.',
    howTo:
      'Set verify.every in the configuration (6h, for example) and restart the workers: the one that holds shard 0 then verifies by itself. Or run bnet-sync verify once.',
    clean: 'No difference.',
    found: (differences, customers) =>
      `${pluralise(differences, 'difference', 'differences')} of ${pluralise(customers, 'customer', 'customers')}.`,
    onOverview: (differences) =>
      `The last verification found ${pluralise(differences, 'difference', 'differences')}.`,
    list: 'See the verification',
    last: 'The last one that finished',
    endedAt: 'Finished',
    startedAt: 'Started',
    took: 'Took',
    who: 'By',
    vias: { schedule: 'schedule', command: 'command' },
    compared: 'Compared',
    comparedText: (rows, customers) =>
      `${pluralise(rows, 'row', 'rows')} in State 2 of ${pluralise(customers, 'customer', 'customers')}`,
    notJudged: 'Not compared',
    notJudgedText: (customers) => pluralise(customers, 'customer', 'customers'),
    reasons: {
      rowsLeft: 'applied rows have left the middle database',
      rowsRewritten: 'applied rows were given other content',
      historyIncomplete: 'an open or a bind is in neither database any more',
      olderThanJournal: 'has records older than the journal',
      busy: 'its rows were being applied each time',
    },
    byKind: 'Differences by kind',
    kind: 'Kind',
    count: 'Count',
    means: 'Means',
    whatToDo: 'What to do',
    differences: 'Differences',
    shown: (from, to, all) => `${counted(from)} to ${counted(to)} of ${counted(all)}`,
    kept: (kept, all) =>
      `There are ${counted(all)}; the first ${counted(kept)} are kept. For all of them run bnet-sync verify --limit 10000.`,
    ofKind: (kind) => `Only “${kind}”`,
    allKinds: 'Show all kinds',
    record: 'Record or row',
    expected: 'Should be',
    stored: 'Is',
    customerRecord: 'customer',
    user: (name) => `user ${name}`,
    attribute: (spec) => `attribute ${spec}`,
    after: 'after',
    runs: 'Runs',
    state: 'Result',
    states: {
      running: 'running',
      finished: 'finished',
      failed: 'failed',
      cancelled: 'cancelled',
      abandoned: 'process ended',
    },
    kinds: {
      missing: {
        name: 'missing',
        means: 'The finished rows lead to it, and the product store does not have it.',
        whatToDo:
          'Find out whether the store was restored, failed over or changed by hand. After a loss, bnet-sync repair --dry-run lists the lost rows.',
      },
      surplus: {
        name: 'surplus',
        means: 'The product store has it, and no finished row leads to it.',
        whatToDo:
          'Find out who wrote it by hand. Where both rows and journal are cleaned up, set verify.journalSince: old records without a history are then not compared.',
      },
      different: {
        name: 'different',
        means: 'Both have it, with different values.',
        whatToDo:
          'Look first for “out of order” and “changed since” of the same customer. Otherwise the store was changed by hand, or rules.attributes after the row was applied. Correct the store, or have the platform send the change again.',
      },
      notInJournal: {
        name: 'not in the journal',
        means:
          'A row in State 2 that none of our workers decided. Its effect is expected in the store all the same.',
        whatToDo:
          'Find out who sets State 2. If another program handles these rows, set middle.othersFinishRows; if the store has lost something, see the runbook.',
      },
      refusedInJournal: {
        name: 'refused in the journal',
        means: 'A row in State 2 that the journal knows as refused. Its effect is not expected.',
        whatToDo:
          'Somebody set a failed row to State 2. Have it corrected and requeued, or set it back to State 3.',
      },
      changedSince: {
        name: 'changed since',
        means:
          'A row in State 2 whose content or attributes are not those that were applied. Its present content is compared.',
        whatToDo:
          'The row was changed after it had finished. For the new content to take effect the platform sends a change.',
      },
      appliedInJournal: {
        name: 'applied, but in State 3',
        means: 'An applied row that is in State 3.',
        whatToDo:
          'Somebody changed its State. Where its content is the same, requeue it: it is marked 2 from the journal, without a second effect.',
      },
      impossible: {
        name: 'impossible',
        means:
          'A row that is not in the journal and could not have taken effect where it stands in the order; “Is” says why.',
        whatToDo: 'The row was set to State 2 by hand. Have the platform correct it and send it again.',
      },
      outOfOrder: {
        name: 'out of order',
        means:
          'An applied row that took effect after a later one of its customer, which leads to other values.',
        whatToDo:
          'Usually a row was set back to State 0 after the store had lost it, or became visible late. Have the platform send the last change again; if it happens again, raise worker.settleMs.',
      },
    },
  },
};
