import type { Command } from 'commander';

/** A command as `--help` lists it. Its own file, with all that the command needs, is loaded when it is called. */
export interface ListedCommand {
  readonly name: string;
  readonly description: string;
  /** How it stands in the list. Default: its name and `[options]`. */
  readonly term?: string;
  /** The command's file: `configure` adds its arguments, options, help and action. */
  load(): Promise<{ readonly configure: (command: Command) => void }>;
}

/** All commands, in the order in which they are listed. */
export const commandList: readonly ListedCommand[] = [
  {
    name: 'run',
    description: 'run the worker: apply pending rows to the product store',
    load: () => import('./commands/run.js'),
  },
  {
    name: 'console',
    term: 'console',
    description: 'serve the console for DBAs and operators, without a worker',
    load: () => import('./commands/console.js'),
  },
  {
    name: 'hash-password',
    term: 'hash-password',
    description: 'print the hash of a password, for http.users',
    load: () => import('./commands/hash-password.js'),
  },
  {
    name: 'status',
    description: 'show how many rows are pending, processing, succeeded and failed, and the workers',
    load: () => import('./commands/status.js'),
  },
  {
    name: 'failed',
    description: 'list the rows in State 3, those that failed last first',
    load: () => import('./commands/failed.js'),
  },
  {
    name: 'failure-groups',
    description: 'count failures by table and result code, now and over the last hour, day and week',
    load: () => import('./commands/failure-groups.js'),
  },
  {
    name: 'processing',
    description: 'list the rows in State 1, oldest first, with the worker that holds them and their age',
    load: () => import('./commands/processing.js'),
  },
  {
    name: 'deferred',
    description: 'list the deferred rows with their customers and reasons; deferred longest first',
    load: () => import('./commands/deferred.js'),
  },
  {
    name: 'show',
    term: 'show [options] <table> <streamingNo>',
    description: 'show one row: columns, attributes, journal, deferral, its customer and related rows',
    load: () => import('./commands/show.js'),
  },
  {
    name: 'requeue',
    term: 'requeue [options] [table] [streamingNo...]',
    description: 'put failed rows back to State 0, to be processed again',
    load: () => import('./commands/requeue.js'),
  },
  {
    name: 'retry',
    term: 'retry [options] <table> <streamingNo...>',
    description: 'try deferred rows at once',
    load: () => import('./commands/retry.js'),
  },
  {
    name: 'pause',
    description: 'pause a table or a product; without either, list what is paused',
    load: () => import('./commands/pause.js'),
  },
  {
    name: 'resume',
    description: 'end the pause of a table or a product',
    load: () => import('./commands/resume.js'),
  },
  {
    name: 'workers',
    description: 'list the registered workers with the shards that they hold',
    load: () => import('./commands/workers.js'),
  },
  {
    name: 'audit',
    description: 'list recorded actions, newest first: who, when, what and why',
    load: () => import('./commands/audit.js'),
  },
  {
    name: 'journal',
    term: 'journal',
    description: 'maintain the journal',
    load: () => import('./commands/journal.js'),
  },
  {
    name: 'preview',
    description: 'show what a worker would do with the pending rows; changes nothing',
    load: () => import('./commands/preview.js'),
  },
  {
    name: 'doctor',
    description: 'check both databases and say what to do',
    load: () => import('./commands/doctor.js'),
  },
  {
    name: 'verify',
    description: 'compare the product store with what the finished rows lead to; changes nothing',
    load: () => import('./commands/verify.js'),
  },
  {
    name: 'repair',
    description:
      'after a loss of the product store: have what was lost take effect once more, or accept the loss',
    load: () => import('./commands/repair.js'),
  },
  {
    name: 'migrate',
    description: 'create the tables of the product store, or bring them up to date',
    load: () => import('./commands/migrate.js'),
  },
  {
    name: 'init-middle',
    description: 'create the four interface tables, for tests and trials; a real platform has them',
    load: () => import('./commands/init-middle.js'),
  },
  {
    name: 'simulate',
    description:
      'play the platform on a trial middle database: insert rows, wrong ones too, and correct refused ones',
    load: () => import('./commands/simulate.js'),
  },
  {
    name: 'demo',
    description: 'demonstrate everything in a few seconds, on databases of its own',
    load: () => import('./commands/demo.js'),
  },
];
