import { rowId, type RowKey } from '../../domain/keys.js';
import type { LostRow } from '../../domain/repair.js';
import type { StagingDatabase } from '../verify/staging.js';
import type { LostCustomers } from './lost-customers.js';
import type { ReplacedRecords } from './lost-row-writer.js';
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
    const takeBack = request.takeBack;
    const replay = (refused: readonly RowRefusedSince[]) =>
      replayCustomer({ ...history, refused }, { ...bounds, rules: settings.rules, takeBack });
    let outcome = replay(history.refused);
    if (outcome.kind === 'left') {
      const { row } = outcome;
      tally.leave(custId, row === null ? history.lost : [row, ...history.lost.slice(1)], outcome);
      return true;
    }
    const { falselyRefused } = outcome;
    const takenBack = takeBack ? falselyRefused : [];
    const recordsWith = (putBack: readonly RowKey[]): ReplacedRecords | null => {
      const isPutBack = new Set(putBack.map(rowId));
      // One that was put back or corrected by somebody else is decided by a worker.
      if (putBack.length < takenBack.length)
        outcome = replay(takenBack.filter((row) => isPutBack.has(rowId(row))));
      if (outcome.kind === 'left') return null;
      const refused = takeBack ? outcome.falselyRefused : [];
      return { rows: [...outcome.rows, ...refused.map(asLost)], changes: outcome.changes };
    };
    const newest = stage.newestDecision(custId);
    if ((await writer.replace({ custId, newest, takenBack, recordsWith })) === null) return false;
    tally.add(outcome.rows);
    if (outcome.isAppliedSince) tally.replayed += 1;
    tally.addRefused(outcome.falselyRefused, takeBack && !request.dryRun);
    return true;
  }
}

/** The place of a refused row is that of its refusal. */
function asLost({ source, streamingNo, row, attempt, decidedAt }: RowRefusedSince): LostRow {
  return { source, streamingNo, row, stateDate: attempt, at: decidedAt };
}
