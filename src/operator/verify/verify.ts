import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import { notJudgedReasons, type Difference, type NotJudged, type VerifySummary } from '../contract/checks.js';
import { noLateRows, type CustomerCheck } from './difference.js';
import type { Databases } from '../databases.js';
import { dateOf } from '../inputs.js';
import { byTableName } from '../named.js';
import { NotOurProductError, type OperatorSettings } from '../requests.js';
import { Loader, type LoadSettings, type Pace } from './load.js';
import { checkCustomer, type CheckSettings } from './check-customer.js';
import { nobody, type StagingDatabase } from './staging.js';

/*
 * Reconciliation: what the finished rows of the middle database lead to, against the product store.
 *
 * Both are read once into a stage, where every customer is judged. Workers may be running: a customer that seems to
 * differ is reread, with the journal before and after its records. Only if both readings of the journal agree was
 * nothing of the customer applied between them, and what differs then is reported.
 */

/** What a verification reads, and where it puts it in order. */
export interface VerifySources extends Databases {
  /** Opens an empty staging database, which `verify` closes. */
  readonly openStaging: () => Promise<StagingDatabase>;
}

/** How much of both databases a verification takes at once, and where it rests. */
export interface VerifyManner extends Pick<LoadSettings, 'pageRows' | 'pace'> {
  /** How many of the newest attribute rows of each table are checked for their row, in one statement. */
  readonly straysScan: number;
}

/** What to verify, and how. */
export interface VerifySettings extends LoadSettings, CheckSettings, VerifyManner {
  /** Only this customer. */
  readonly custId: string | null;
  /** Called for every difference, customer by customer. */
  readonly onDifference: (difference: Difference) => Promise<void>;
}

/** What an operator asks to verify; null: everything. */
export interface VerifyRequest extends Pick<
  VerifySettings,
  'custId' | 'productId' | 'onProgress' | 'onDifference'
> {
  /** The journal was purged before this moment (`inputs.moment`, by the store's clock); null: it never was. */
  readonly journalSince: string | null;
}

/** Customers judged, and read anew, in one go. */
const customersAtOnce = 100;
/** How often a customer that keeps moving is reread. */
const rounds = 3;
const namedExamples = 20;

const pace: Pace = {
  now: () => performance.now(),
  rest: (milliseconds) => (milliseconds > 0 ? sleep(milliseconds) : setImmediate()),
};

/** A command's, whose process does nothing else. */
const commandManner: VerifyManner = { pageRows: 500, pace, straysScan: 1_000_000 };

/** What of the configuration a verification needs. */
export type VerifyRules = Pick<OperatorSettings, 'productIds' | 'rules'>;

/** Verifies what an operator asks for. NotOurProductError. */
export async function verifyStore(
  sources: VerifySources,
  { productIds, rules }: VerifyRules,
  { journalSince, ...request }: VerifyRequest,
  manner: VerifyManner = commandManner,
): Promise<VerifySummary> {
  const { productId } = request;
  if (productId !== null && productIds.length > 0 && !productIds.includes(productId))
    throw new NotOurProductError(productId);
  return verify(sources, {
    ...request,
    productIds,
    attributes: rules.attributes,
    journalSince: journalSince === null ? null : await instantOf(journalSince, sources),
    ...manner,
  });
}

async function instantOf(moment: string, { store }: Databases): Promise<string> {
  const now = (await store.now()).slice(0, 19).replace('T', ' ');
  return `${dateOf(moment, now).replace(' ', 'T')}.000Z`;
}

/** Compares everything. Fails with a DatabaseError; changes nothing. */
export async function verify(sources: VerifySources, settings: VerifySettings): Promise<VerifySummary> {
  const stage = await sources.openStaging();
  try {
    return await new Verification(sources, stage, settings).run();
  } finally {
    stage.close();
  }
}

class Verification {
  readonly #middle: Databases['middle'];
  readonly #stage: StagingDatabase;
  readonly #gatherer: Loader;
  readonly #settings: VerifySettings;
  readonly #byKind = new Map<string, number>();
  readonly #notJudged = new Map<NotJudged, number>();
  readonly #examples: { custId: string | null; reason: NotJudged }[] = [];
  #lateRows = noLateRows;
  #withDifferences = 0;
  #candidates = 0;

  constructor(databases: Databases, stage: StagingDatabase, settings: VerifySettings) {
    this.#middle = databases.middle;
    this.#stage = stage;
    this.#gatherer = new Loader(databases, stage, settings);
    this.#settings = settings;
  }

  async run(): Promise<VerifySummary> {
    const { custId } = this.#settings;
    const rows = await this.#gatherer.gather(custId === null ? null : [custId]);
    const customers = this.#stage.customerCount();
    await this.#judgeAll(customers);
    await this.#lookAgain();
    const differences = [...this.#byKind.values()].reduce((sum, each) => sum + each, 0);
    return {
      rows,
      customers,
      customersWithDifferences: this.#withDifferences,
      differences,
      byKind: Object.fromEntries([...this.#byKind].sort()),
      lateRows: this.#lateRows,
      strayAttributes: custId === null ? await this.#strays() : null,
      notJudged: Object.fromEntries(
        notJudgedReasons.map((reason) => [reason, this.#notJudged.get(reason) ?? 0]),
      ) as Record<NotJudged, number>,
      notJudgedExamples: this.#examples,
    };
  }

  async #strays(): Promise<VerifySummary['strayAttributes']> {
    const { straysScan: scan } = this.#settings;
    const strays = await this.#middle.strayAttributes({ scan, examples: namedExamples });
    return byTableName((source) => strays[source]);
  }

  async #judgeAll(total: number): Promise<void> {
    let judged = 0;
    for (let custs = this.#stage.customersAfter(null, customersAtOnce); custs.length > 0;) {
      await this.#gatherer.resolve(custs);
      for (const cust of custs) {
        const judgement = this.#judge(cust);
        if (judgement.differences.length === 0) this.#count(cust, judgement);
        else {
          this.#stage.candidate(cust);
          this.#candidates += 1;
        }
        // A long comparison must not block signals and timers.
        await this.#settings.pace.rest(0);
      }
      judged += custs.length;
      this.#settings.onProgress('compared', judged, total);
      custs = this.#stage.customersAfter(custs.at(-1) ?? null, customersAtOnce);
    }
  }

  async #lookAgain(): Promise<void> {
    let looked = 0;
    for (let custs = this.#stage.candidatesAfter(null, customersAtOnce); custs.length > 0;) {
      await this.#settle(custs);
      looked += custs.length;
      this.#settings.onProgress('rechecked', looked, this.#candidates);
      custs = this.#stage.candidatesAfter(custs.at(-1) ?? null, customersAtOnce);
    }
  }

  /** Rereads customers until nothing of them is applied meanwhile, and reports what differs. */
  async #settle(custs: readonly string[]): Promise<void> {
    let left = custs;
    for (let round = 0; round < rounds && left.length > 0; round += 1) {
      const named = left.filter((cust) => cust !== nobody);
      this.#stage.forget(named);
      await this.#gatherer.gather(named);
      await this.#gatherer.journalAgain(named);
      await this.#gatherer.resolve(named);
      const moved = this.#stage.moved(named);
      for (const cust of left) if (!moved.has(cust)) await this.#report(cust);
      left = left.filter((cust) => moved.has(cust));
    }
    for (const cust of left) this.#countNotJudged(cust, 'busy');
  }

  async #report(cust: string): Promise<void> {
    const judgement = this.#judge(cust);
    this.#count(cust, judgement);
    if (judgement.differences.length > 0) this.#withDifferences += 1;
    for (const difference of judgement.differences) {
      this.#byKind.set(difference.kind, (this.#byKind.get(difference.kind) ?? 0) + 1);
      await this.#settings.onDifference(difference);
    }
  }

  #judge(cust: string): CustomerCheck {
    return checkCustomer(this.#stage.evidence(cust), this.#settings);
  }

  #count(cust: string, { late, notJudged }: CustomerCheck): void {
    this.#lateRows = {
      requeued: this.#lateRows.requeued + late.requeued,
      waited: this.#lateRows.waited + late.waited,
      undated: this.#lateRows.undated + late.undated,
      sameValues: this.#lateRows.sameValues + late.sameValues,
    };
    if (notJudged !== null) this.#countNotJudged(cust, notJudged);
  }

  #countNotJudged(cust: string, reason: NotJudged): void {
    this.#notJudged.set(reason, (this.#notJudged.get(reason) ?? 0) + 1);
    if (this.#examples.length < namedExamples)
      this.#examples.push({ custId: cust === nobody ? null : cust, reason });
  }
}
