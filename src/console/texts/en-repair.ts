import { counted, pluralise } from './pluralise.js';
import type { RepairTexts } from './zh-repair.js';

const rows = (count: number) => pluralise(count, 'row', 'rows');
const customers = (count: number) => pluralise(count, 'customer', 'customers');
const alarms = (count: number) => pluralise(count, 'alarm', 'alarms');

/** The texts of the repair's pages, in English. */
export const enRepair: RepairTexts = {
  repair: {
    title: 'Repair the product store',
    link: 'See what is lost, and repair…',
    refresh: 'Read again',
    meaning:
      'The product store has lost the last part of its data: rows stand in State 2 in the middle database, and their effect is gone. Workers process nothing, so that no good row is refused. Do not put these rows back to State 0: they would take effect after later ones.',
    steps: [
      'Find out which store this is: does store.connection lead to the right database? If the old primary still exists with the missing data: stop the workers, point the address to it, stop the other one, run “bnet-sync repair --accept”, and start the workers.',
      'Dry run: changes nothing, and lists the rows that would take effect once more, and the customers that would be left, with the reason.',
      'Repair: lost rows take effect once more, in the order of their marks. Rows in State 2 are not touched, and handlers are not called: what they wrote into tables of your own is yours to restore. It can be cancelled at any time; started again it goes on, and nothing takes effect twice.',
    ],
    noAlarms: 'No alarm is open.',
    unread: 'The product store does not answer: its alarms and the audit cannot be read at the moment.',
    foundBy: 'Found by',
    finishedAt: 'Finished',
    andMore: (count) => `and ${rows(count)} more`,
    noOrigin:
      'The product store is new, or was wiped, and does not know since when finished rows are ours. To fill it from the middle database, choose “Take all rows for ours”; to begin with the rows to come, run “bnet-sync migrate --new-store”.',
    dryRun: 'Dry run',
    repair: 'Repair',
    startDryRun: 'Dry run',
    startRepair: 'Repair…',
    confirmRepair: 'Start the repair',
    narrower: 'One customer or product only, and other options',
    customer: 'CustID (empty: all)',
    product: 'ProductID (empty: all)',
    all: 'Take all rows for ours',
    allHint:
      'Every finished row that the journal does not know takes effect, whoever may have finished it: to fill a new, empty store, and after a loss that was accepted (--accept).',
    takeBack: 'Take back false refusals',
    takeBackHint:
      'Rows that were refused only because of the loss take effect in their places, and are put back to State 0 for a worker to answer 2. Look first whether the platform has sent them again: then leave this out, or both take effect.',
    next: 'Continue',
    scope: 'Scope',
    whole: 'everything',
    part: 'A repair of a part closes no alarm.',
    badScope: 'CustID and ProductID are whole numbers of at most 30 digits.',
    confirmTitle: 'Repair the product store?',
    lastDryRun: (ago) => `The dry run of ${ago} ago:`,
    noDryRun: 'No dry run of this was made here. Do one first: it changes nothing.',
    startedBy: 'Started by',
    startedAt: 'Started',
    elapsed: 'Elapsed',
    statuses: {
      running: 'running',
      ending: 'being cancelled: ends after the set it is at',
      done: 'ended',
      cancelled: 'ended early',
      failed: 'failed',
    },
    phases: {
      rows: 'Finished rows read',
      journal: 'Journal entries read',
      repaired: 'Rows applied once more',
    },
    found: 'Lost rows found',
    cancel: 'Cancel',
    cancelHint:
      'Ends after the present set; what was done stays done, and a repair that is started again goes on. Closing the browser does not end it.',
    failed: 'The repair could not be completed:',
    goesOn: 'What was done stays done. Started again once the cause is gone, it goes on.',
    wouldTake: (count, of) =>
      `${rows(count)} of ${customers(of)} would take effect once more. Nothing was changed.`,
    took: (count, of) => `${rows(count)} of ${customers(of)} took effect once more.`,
    nothing: 'No lost row was found.',
    endedEarly: 'It ended before all was looked at; started again it goes on. Ended by:',
    bySignal: 'the process was stopped',
    byOthers: (count) =>
      `${pluralise(count, 'finished row', 'finished rows')} that the journal does not know were finished by others, and left alone. “Take all rows for ours” would apply them.`,
    replayed: (count) =>
      `Of ${customers(count)} rows were applied since: the lost ones take effect before those, where they belong.`,
    refused: (count) =>
      `${rows(count)} of these customers, refused since, were refused only because of the loss.`,
    takenBack: (count) =>
      `${rows(count)} took effect in their places and were put back to State 0: workers answer them 2.`,
    notTakenBack:
      'They were left alone. “Take back false refusals” has them take effect in their places (look first whether the platform has sent them again); a requeue has them decided anew, after newer rows.',
    closed: (count) => `${alarms(count)} closed. Workers go on within 4 seconds.`,
    open: (count) => `${alarms(count)} still open:`,
    whatCloses: {
      part: 'this was a part only; a repair of everything closes them.',
      left: 'customers were left as they are. See below what to do; for what cannot be repaired, “bnet-sync repair --accept” closes them and restores nothing.',
      early: 'start the repair again.',
      other: 'rows are still missing, or a worker has found a new loss. Start the repair again.',
    },
    left: (count) => `${pluralise(count, 'customer was', 'customers were')} left as they are`,
    leftDry: (count) => `${customers(count)} would be left as they are`,
    leftFirst: (count) =>
      `Only the first ${counted(count)} are listed; “bnet-sync repair --dry-run --json” lists all.`,
    firstRow: 'First lost row',
    lostRows: 'Lost rows',
    reason: 'Reason',
    reasons: {
      historyIncomplete: {
        what: 'rows of the customer were applied after the lost ones, and nothing tells for certain what it should be',
        toDo: 'What the journal knows does not lead to what the store holds: the journal was purged, rows were cleaned up or edited, or somebody changed records. “bnet-sync verify --customer …” shows what differs. The platform sends the customer’s current state as new rows (0102, 0202).',
      },
      impossible: {
        what: 'it cannot take effect where it belongs',
        toDo: 'Something older is missing, too: restore a newer backup, or have the platform send the customer’s state. Or the row was applied since and could not have been without the loss, such as a bind after a cancel that was lost: ask the platform which is right.',
      },
      busy: { what: 'rows of the customer were decided each time', toDo: 'Start the repair again.' },
    },
    examples: 'For example',
    compare: 'After the repair run “bnet-sync verify”, which compares everything.',
    running: 'A repair or a dry run is running in this process: wait for its end, or cancel it.',
    notOurs: 'This product is not in middle.productIds: its rows are not ours.',
    staging: 'A repair needs a temporary SQLite database, which cannot be used:',
    underWay: (who, at) =>
      `The audit has a repair without an outcome (${who}, ${at} UTC): it is under way in another process, or its process ended first. A repair may be started again: it goes on, and nothing takes effect twice.`,
    openHere: 'The repair is running in this process:',
    openElsewhere:
      'No outcome is on record: the repair is under way in another process, or its process ended first. What was done stays done; a repair that is started again goes on, and nothing takes effect twice.',
    page: 'the repair’s page',
  },
};
