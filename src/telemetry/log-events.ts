import type { Logger } from 'pino';
import { rowId } from '../domain/keys.js';
import { alarmText } from '../guard/alarm-text.js';
import { isWorthLogging } from '../domain/deferral.js';
import type { NewlyDeferredRow, WorkerEvents } from '../worker/events.js';
import { pauseText } from '../worker/paused.js';
import { Recurrences } from './recurrences.js';

/** A source of worker events: a worker. */
export interface EventSource {
  on<Name extends keyof WorkerEvents>(name: Name, listener: (event: WorkerEvents[Name]) => void): unknown;
}

type Level = 'debug' | 'info' | 'warn' | 'error';

/** One line of the log: level, fields, message. */
type Line<Name extends keyof WorkerEvents> = (
  event: WorkerEvents[Name],
  recurrences: Recurrences,
) => readonly [Level, object, string];

const databaseName = { middle: 'the middle database', store: 'the product store' } as const;

/** How each event reads in the log. A missing line would not compile. */
const lines: { readonly [Name in keyof WorkerEvents]: Line<Name> } = {
  started: (event) => ['info', event, 'worker started'],
  leases: (event) => [
    'info',
    event,
    `holding ${event.held} of ${event.shards} shards, workers alive: ${event.workers}`,
  ],
  paused: ({ pauses }) => [
    'warn',
    { pauses },
    pauses.length === 0
      ? 'no pauses in force'
      : `paused, rows stay as they are: ${pauses.map(pauseText).join('; ')}`,
  ],
  polled: ({ rows, delayMs, waiting, durationMs }) => [
    'debug',
    { rows, delayMs, waiting, ...(durationMs !== null && { durationMs: Math.round(durationMs) }) },
    `polled ${rows} rows`,
  ],
  claimed: (event) => [
    'debug',
    { ...event, durationMs: Math.round(event.durationMs) },
    `claimed ${event.claimed} rows, took over ${event.takenOver}`,
  ],
  applied: (event) => ['debug', event, `applied ${event.applied}, refused ${event.failed} rows`],
  marked: ({ succeeded, failed, durationMs }) => [
    'info',
    { succeeded, failed, durationMs: Math.round(durationMs) },
    `finished ${succeeded + failed} rows, ${failed} of them failed`,
  ],
  rowFailed: (event) => [
    'debug',
    { row: rowId(event), code: event.code, errContent: event.errContent },
    'row failed',
  ],
  rowsFailed: ({ source, code, rows, examples }) => [
    'warn',
    {
      source,
      code,
      rows,
      examples: examples.map((row) => ({ row: rowId(row), errContent: row.errContent })),
    },
    `${rows} ${rows === 1 ? 'row' : 'rows'} failed with ${code}: ${examples[0] === undefined ? '' : rowId(examples[0])}`,
  ],
  errContentShortened: ({ source, streamingNo, bytes, taken }) => [
    'warn',
    { row: rowId({ source, streamingNo }), bytes, taken },
    `ErrContent of ${bytes} bytes is refused, ${taken} are taken: the column is narrower than 1024 bytes, or a rule limits it`,
  ],
  createdAhead: ({ rows, newest, seconds }) => [
    'warn',
    { rows, newest, aheadSeconds: seconds },
    `${rows} pending ${rows === 1 ? 'row was' : 'rows were'} created ahead of the middle database's clock, by up to ${seconds} s: left alone until then; have CreateDate written by the database's clock`,
  ],
  alreadyJournalled: (event, recurrences) =>
    recurring(recurrences.next('alreadyJournalled'), { row: rowId(event) }, [
      'row already decided and set back to State 0: marked again, not applied again',
      'rows',
    ]),
  contentChanged: (event, recurrences) =>
    recurring(recurrences.next('contentChanged'), { row: rowId(event) }, [
      'applied row came back with different content: decided again',
      'rows',
    ]),
  markConflict: ({ mark, state, stateDate }) => [
    'warn',
    { row: rowId(mark), attempt: mark.attempt, state, stateDate },
    'mark skipped: row changed since it was claimed',
  ],
  waiting: ({ waits }) => [
    'debug',
    { customers: waits.length, first: waits[0]?.custId },
    'customers waiting for an open or a bind that has not arrived',
  ],
  rowsDeferred: ({ stage, cause, rows }) => [
    hasNews(rows) ? 'warn' : 'debug',
    { stage, cause, count: rows.length, rows: named(rows) },
    `${deferredSubject(rows)} deferred, other customers go on: ${stage} ${cause}: ${rows[0]?.reason ?? ''}`,
  ],
  rowsLocked: ({ stage, rows }) => [
    hasNews(rows) ? 'warn' : 'debug',
    { stage, count: rows.length, rows: named(rows) },
    `${deferredSubject(rows)} deferred, other customers go on: ${stage} locked ${rows[0]?.reason ?? ''}`,
  ],
  crashRetry: ({ source, streamingNo, crashes, final }) => [
    final ? 'error' : 'warn',
    { row: rowId({ source, streamingNo }), crashes },
    final
      ? `row ended ${crashes} processes: refused with 00205`
      : 'retrying row alone: a process ended while trying it',
  ],
  rowErrored: ({ source, streamingNo, ...rest }) => [
    'error',
    { row: rowId({ source, streamingNo }), ...rest },
    rest.final
      ? `row failed alone ${rest.tries} times: refused with 00205`
      : 'row failed alone with an unexpected error: retried later, other customers go on',
  ],
  outage: ({ database, error, failures, delayMs }, recurrences) =>
    recurring(recurrences.next(database), { database, error, failures, delayMs }, [
      `${databaseName[database]} is unavailable: ${error}; retrying within ${delayMs} ms`,
      'failures',
    ]),
  recovered: (event, recurrences) => [
    recurrences.isEndTold(event.database) ? 'info' : 'debug',
    event,
    `${databaseName[event.database]} is available again`,
  ],
  breakerOpened: (event) => [
    'error',
    event,
    `circuit breaker open: ${event.error}; claiming paused, no row is failed for it, probing in ${event.delayMs} ms`,
  ],
  breakerClosed: () => ['info', {}, 'circuit breaker closed: claiming resumes'],
  leaseLost: (event) => ['warn', event, 'lease taken over by another worker: batch dropped, nothing written'],
  storeWentBack: ({ kind, rows, examples, foundBy }) => [
    'error',
    { kind, rows, examples, foundBy },
    `${alarmText({ kind, rows, examples })}; no row is decided, none is failed for it: run "bnet-sync doctor"`,
  ],
  storeAccepted: () => ['warn', {}, 'alarm closed: claiming resumes'],
  finishedByOthers: ({ rows, examples }) => [
    'warn',
    { rows, examples },
    `${rows} finished ${rows === 1 ? 'row is' : 'rows are'} not in the journal: others finished ${rows === 1 ? 'it' : 'them'}`,
  ],
  verifyScheduled: (event) => ['info', event, 'verification scheduled: the holder of shard 0 runs it'],
  verifyStarted: () => ['info', {}, 'verification started'],
  verifyFinished: (event) => [
    event.differences > 0 ? 'error' : 'info',
    event,
    event.differences > 0
      ? `verification finished: ${event.differences} differences of ${event.rows} rows; "bnet-sync verify --last" lists them`
      : `verification finished: ${event.rows} rows, no difference`,
  ],
  verifyCancelled: (event) => ['info', event, `verification cancelled: ${event.reason}`],
  verifyFailed: (event) => [
    'error',
    event,
    `verification failed: ${event.error}; rows are processed as before, the next one follows after the interval`,
  ],
  listenerFailed: ({ event, error }) => [
    'error',
    { listenerOf: event, error },
    `a listener of the event "${event}" failed: ${error}; the worker goes on`,
  ],
  stopping: (event) => ['info', event, 'stopping: finishing what is in flight'],
  stopped: () => ['info', {}, 'stopped'],
};

/** A recurring event is logged ever more rarely, with its count; the others at debug. */
function recurring(
  { lately, isLogged }: ReturnType<Recurrences['next']>,
  fields: object,
  [words, things]: readonly [string, string],
): readonly [Level, object, string] {
  const number = lately === 1 ? '' : ` (${lately} ${things} lately)`;
  return [isLogged ? 'warn' : 'debug', { ...fields, lately }, `${words}${number}`];
}

/** The most rows that one line names. */
const namedAtMost = 200;

/** Deferred rows are logged at their first try, then ever more rarely; the other tries at debug. */
function hasNews(rows: readonly NewlyDeferredRow[]): boolean {
  return rows.some(({ tries }) => isWorthLogging(tries));
}

function named(rows: readonly NewlyDeferredRow[]) {
  const news = rows.filter(({ tries }) => isWorthLogging(tries));
  return (news.length === 0 ? rows : news)
    .slice(0, namedAtMost)
    .map(({ source, streamingNo, ...rest }) => ({ row: rowId({ source, streamingNo }), ...rest }));
}

function deferredSubject(rows: readonly NewlyDeferredRow[]): string {
  const [first] = named(rows);
  return rows.length === 1
    ? `${first?.row ?? ''} and its customer are`
    : `${rows.length} rows and their customers are`;
}

/** Writes a log line for every event of a worker. `now`: milliseconds that only grow. */
export function logEvents(
  worker: EventSource,
  logger: Logger,
  now: () => number = () => performance.now(),
): void {
  const recurrences = new Recurrences(now);
  for (const name of Object.keys(lines) as (keyof WorkerEvents)[])
    logEvent(worker, name, { logger, recurrences });
}

function logEvent<Name extends keyof WorkerEvents>(
  worker: EventSource,
  name: Name,
  { logger, recurrences }: { readonly logger: Logger; readonly recurrences: Recurrences },
): void {
  const line: Line<Name> = lines[name];
  worker.on(name, (event) => {
    const [level, fields, words] = line(event, recurrences);
    logger[level]({ event: name, ...fields }, words);
  });
}
