import { rowId, type RowKey } from '../../domain/keys.js';
import type { LostRow } from '../../domain/repair.js';
import { requeue } from '../requeue.js';
import type { StagingDatabase } from '../verify/staging.js';
import type { LostCustomers } from './lost-customers.js';
import type { RowRefusedSince } from './place-lost.js';
import { readRefused } from './refused-since.js';
import type { BusyCustomers, RepairEnvironment, RepairRound } from './repair-context.js';
import { replayCustomer, type CustomerHistory } from './replay-customer.js';

/** Customers that are read anew, with their records, in one go. */
const customersAtOnce = 100;

/** A customer with lost rows and others decided after them. */
type NamedHistory = CustomerHistory & { readonly custId: string };

/** Repairs customers with rows decided after lost ones. */
export class CustomerReplays {
  readonly #context: RepairEnvironment;

  constructor(context: RepairEnvironment) {
    this.#context = context;
  }

  /** Replays the customers with rows decided after lost ones; returns those that changed meanwhile. */
  async run(lost: LostCustomers, { stage, loader, bounds }: RepairRound): Promise<BusyCustomers> {
    const { request, tally } = this.#context;
    const busy = new Map<string, readonly RowKey[]>();
    for (let index = 0; index < lost.decidedSince.length; index += customersAtOnce) {
      const custIds = lost.decidedSince.slice(index, index + customersAtOnce);
      // With their records, and with applied rows that are not in State 2.
      stage.forget(custIds);
      await loader.gather(custIds);
      await loader.resolve(custIds);
      for (const history of await this.#histories(lost, stage, custIds)) {
        if (!(await this.#replay(history, { stage, bounds }))) busy.set(history.custId, history.lost);
        request.onProgress('repaired', tally.rows);
      }
    }
    return busy;
  }

  async #histories(
    lost: LostCustomers,
    stage: StagingDatabase,
    custIds: readonly string[],
  ): Promise<readonly NamedHistory[]> {
    const found = custIds.flatMap((custId) => {
      const rows = lost.lostOf(custId);
      const [first] = rows;
      return first === undefined ? [] : [{ custId, rows, first, entries: lost.refusedSince(custId, first) }];
    });
    const entries = found.flatMap((customer) => customer.entries);
    const rowOf = await readRefused(this.#context.sources.middle, entries);
    return found.map(({ custId, rows, entries }) => ({
      custId,
      lost: rows,
      decided: stage.decided(custId),
      refused: entries.flatMap((entry) => rowOf.get(rowId(entry)) ?? []),
      stored: stage.evidence(custId).stored,
      gone: stage.evidence(custId).lost,
    }));
  }

  /** False: the customer was decided on meanwhile. */
  async #replay(
    { custId, ...history }: NamedHistory,
    { stage, bounds }: Pick<RepairRound, 'stage' | 'bounds'>,
  ): Promise<boolean> {
    const { request, settings, tally, writer } = this.#context;
    const { takeBack } = request;
    const outcome = replayCustomer(history, { ...bounds, rules: settings.rules, takeBack });
    if (outcome.kind === 'left') {
      const { row } = outcome;
      tally.leave(custId, row === null ? history.lost : [row, ...history.lost.slice(1)], outcome);
      return true;
    }
    const newest = stage.newestDecision(custId);
    const takenBack = takeBack ? outcome.falselyRefused.map(asLost) : [];
    const rows = [...outcome.rows, ...takenBack];
    if (!(await writer.replace({ custId, rows, changes: outcome.changes, newest }))) return false;
    tally.add(outcome.rows);
    if (outcome.isAppliedSince) tally.replayed += 1;
    tally.addRefused(outcome.falselyRefused);
    if (takenBack.length > 0 && !request.dryRun) await this.#answer(takenBack);
    return true;
  }

  /** Rows that took effect after all are put back to State 0: a worker finds them in the journal, and answers 2. */
  async #answer(rows: readonly LostRow[]): Promise<void> {
    const { sources, actor, request, tally } = this.#context;
    const { reason } = request;
    const { requeued } = await requeue(sources, actor, rows, { dryRun: false, reason });
    tally.takenBack += requeued.length;
  }
}

/** The place of a refused row is that of its refusal. */
function asLost({ source, streamingNo, row, attempt, decidedAt }: RowRefusedSince): LostRow {
  return { source, streamingNo, row, stateDate: attempt, at: decidedAt };
}
