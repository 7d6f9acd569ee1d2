import { attributeTableOf, sources, tableOf } from '../../domain/keys.js';
import type { IndexDescription, MiddleAdmin } from '../../middle/admin-port.js';
import type { StoreAdmin } from '../../store/admin-port.js';
import { deferredSummary } from '../deferred.js';
import { countLimit } from '../overview.js';
import { clockFindings } from './clock.js';
import { handlerFindings } from './handlers.js';
import { hostFindings } from './hosts.js';
import { deferredFindings } from './deferred.js';
import type { Area, Finding } from '../contract/checks.js';
import { fine } from './finding.js';
import { indexFindings, productIndexFindings, type IndexContext } from './indexes.js';
import { isolationFindings } from './isolation.js';
import { lossFindings, type LossSettings } from './loss.js';
import { poolerFindings } from './pooler.js';
import { privilegeFindings, storePrivilegeFindings } from './privileges.js';
import { unwritableFinding, writingFindings } from './replication.js';
import { rowFindings, type OddRows } from './rows.js';
import { serverFindings } from './server.js';
import { setupFindings } from './setup.js';
import { missingTables, tableFindings } from './tables.js';
import { workerFindings } from './workers.js';

/*
 * Not a method of OperatorService, which works on open databases: the doctor also runs where one cannot be opened, and
 * loads the handlers.
 */

/** What the doctor examines. */
export interface DoctorTargets {
  /** Connects to the middle database, or fails. */
  readonly middle: () => Promise<MiddleAdmin>;
  /** Connects to the product store, or fails. */
  readonly store: () => Promise<StoreAdmin>;
  /** Loads the module of `store.handlers`, or fails; absent: there is none. */
  readonly handlers?: () => Promise<unknown>;
  /** This machine's clock. */
  readonly clock: () => Date;
  readonly settings: DoctorSettings;
}

/** Configuration that the doctor needs. */
export interface DoctorSettings extends LossSettings {
  /** `middle.schema`. */
  readonly schema?: string;
  readonly settleMs: number;
}

/** All findings, and the errors of the databases that could not be reached, which decide the exit code. */
export interface DoctorReport {
  readonly findings: readonly Finding[];
  readonly unreached: readonly unknown[];
}

const namedDuplicates = 10;
/** How many rows in front of ours are checked. */
const othersCounted = 100_000;
const namedRows = 5;
/** How many of the newest attribute rows of each table are checked. */
const straysScan = 100_000;

/** Examines both databases, changing nothing. A failed check is a finding and never ends the others. */
export async function runChecks(targets: DoctorTargets): Promise<DoctorReport> {
  const middle = await reach('middle database', async () => {
    const operations = await targets.middle();
    await operations.now();
    return operations;
  });
  const store = await reach('product store', async () => {
    const operations = await targets.store();
    await operations.now();
    return operations;
  });
  return {
    findings: [
      ...middle.findings,
      ...(middle.reached === null ? [] : await examineMiddle(middle.reached, targets)),
      ...store.findings,
      ...(store.reached === null ? [] : await examineStore(store.reached, middle.reached, targets)),
      ...(targets.handlers === undefined ? [] : await handlerFindings(targets.handlers)),
    ],
    unreached: [...middle.errors, ...store.errors],
  };
}

interface Reached<T> {
  readonly reached: T | null;
  readonly findings: readonly Finding[];
  readonly errors: readonly unknown[];
}

async function reach<T>(
  area: 'middle database' | 'product store',
  connect: () => Promise<T>,
): Promise<Reached<T>> {
  try {
    return { reached: await connect(), findings: [fine(area, 'can be reached')], errors: [] };
  } catch (error) {
    const section = area === 'middle database' ? 'middle.connection' : 'store.connection';
    const whatToDo = `see that it is running and that ${section} leads there with the right user`;
    const finding = `cannot be reached: ${messageOf(error)}`;
    return { reached: null, findings: [{ area, level: 'error', finding, whatToDo }], errors: [error] };
  }
}

async function examineMiddle(middle: MiddleAdmin, { clock, settings }: DoctorTargets): Promise<Finding[]> {
  const server = await ask('server', () => middle.server());
  const columns = await ask('tables', () => middle.columns());
  const missing = columns.answer === null ? [] : missingTables(columns.answer);
  const { user, schemas = [] } = server.answer ?? {};
  const context = {
    kind: middle.kind,
    missingTables: missing,
    // Schemas with an IF_BNET_CUST: useful if no name leads to one.
    schemas: missing.includes(tableOf.CUST) ? schemas : [],
    ...(settings.schema === undefined ? {} : { schema: settings.schema }),
    ...(typeof user === 'string' ? { user } : {}),
  };
  return [
    ...(await check('middle database', async () => hostFindings('middle database', await middle.hosts()))),
    ...(server.answer === null
      ? server.findings
      : [
          ...serverFindings(middle.kind, server.answer, columns.answer ?? []),
          ...isolationFindings('server', server.answer.isolation),
          ...poolerFindings('server', server.answer.pooler),
        ]),
    ...(columns.answer === null ? columns.findings : tableFindings(context, columns.answer)),
    ...(await check('privileges', async () => privilegeFindings(context, await middle.missingPrivileges()))),
    ...(await check('indexes', async () => {
      const indexes = await middle.indexes();
      return [
        ...indexFindings(context, indexes),
        ...(await otherProducts(middle, context, indexes, settings)),
      ];
    })),
    ...(await check('clock', async () => {
      const newestPending = await middle.newestPending();
      const middleNow = await middle.now();
      const { settleMs } = settings;
      return clockFindings({ kind: middle.kind, middleNow, ...timesOf(clock()), newestPending, settleMs });
    })),
    ...(await check('rows', async () =>
      rowFindings({
        duplicates: await middle.duplicates(namedDuplicates),
        withoutStreamingNo: await middle.withoutStreamingNo(),
        otherStates: await middle.otherStates(namedRows),
        ...(await attributeFacts(middle, missing)),
      }),
    )),
  ];
}

async function examineStore(
  store: StoreAdmin,
  middle: MiddleAdmin | null,
  { settings }: DoctorTargets,
): Promise<Finding[]> {
  const hosts = await check('product store', async () =>
    hostFindings('product store', await store.server.hosts()),
  );
  const migrations = await check('migrations', async () => setupFindings(await store.setup()));
  if (migrations.some(({ area, level }) => area === 'migrations' && level !== 'ok'))
    return [...hosts, ...migrations];
  const writing = await examineWriting(store);
  const workers = await check('workers', async () =>
    workerFindings({
      workers: await store.workers(),
      storeShards: await store.shards(),
      configuredShards: settings.shards,
      rowsInProcessing: middle === null ? 0 : await rowsInProcessing(middle),
      storeNow: await store.now(),
    }),
  );
  const losses =
    middle === null
      ? []
      : await check('product store', async () => lossFindings({ middle, store }, settings));
  const deferrals = await check('deferred', () =>
    deferredFindings(() => deferredSummary(store), middle?.kind ?? null),
  );
  const isolation = await check('product store', async () =>
    isolationFindings('product store', await store.isolation()),
  );
  const pooler = await check('product store', async () =>
    poolerFindings('product store', await store.pooler()),
  );
  return [...hosts, ...migrations, ...writing, ...workers, ...losses, ...deferrals, ...isolation, ...pooler];
}

/** On a server that takes no changes at all, each privilege would be refused for that reason. */
async function examineWriting(store: StoreAdmin): Promise<Finding[]> {
  const { answer, findings } = await ask('product store', () => store.server.replication());
  const unwritable = answer === null ? null : unwritableFinding(answer);
  if (unwritable !== null) return [unwritable];
  return [
    ...findings,
    ...(await check('privileges', async () => storePrivilegeFindings(await store.missingPrivileges()))),
    ...(await check('product store', () => writingFindings(store.server, answer))),
  ];
}

async function otherProducts(
  middle: MiddleAdmin,
  context: IndexContext,
  indexes: readonly IndexDescription[],
  { productIds }: DoctorSettings,
): Promise<Finding[]> {
  if (productIds.length === 0) return [];
  const others = await middle.othersInFront(othersCounted);
  return productIndexFindings(context, indexes, { productIds, others, counted: othersCounted });
}

/** A missing attribute table has its own finding. */
async function attributeFacts(
  middle: MiddleAdmin,
  missing: readonly string[],
): Promise<Pick<OddRows, 'tooManyAttributes' | 'strays'>> {
  if (sources.some((source) => missing.includes(attributeTableOf[source])))
    return { tooManyAttributes: [], strays: null };
  return {
    tooManyAttributes: await middle.tooManyAttributes(namedRows),
    strays: await middle.strayAttributes({ scan: straysScan, examples: namedRows }),
  };
}

/** Zero if unknown: the middle database's checks say why. */
async function rowsInProcessing(middle: MiddleAdmin): Promise<number> {
  const counts = await middle.queries.countCapped(countLimit).catch(() => null);
  return counts === null ? 0 : counts.CUST['1'] + counts.ACCOUNT['1'];
}

async function check(area: Area, look: () => Promise<Finding[]>): Promise<Finding[]> {
  const { answer, findings } = await ask(area, look);
  return answer ?? [...findings];
}

/** A result, or the finding that there is none. */
async function ask<T>(
  area: Area,
  question: () => Promise<T>,
): Promise<{ readonly answer: T | null; readonly findings: readonly Finding[] }> {
  try {
    return { answer: await question(), findings: [] };
  } catch (error) {
    const whatToDo = 'the findings above may say why';
    const finding = `could not be checked: ${messageOf(error)}`;
    return { answer: null, findings: [{ area, level: 'warning', finding, whatToDo }] };
  }
}

function timesOf(clock: Date): { localTime: string; utcTime: string } {
  const text = (date: Date) => date.toISOString().slice(0, 19).replace('T', ' ');
  return {
    localTime: text(new Date(clock.getTime() - clock.getTimezoneOffset() * 60_000)),
    utcTime: text(clock),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
