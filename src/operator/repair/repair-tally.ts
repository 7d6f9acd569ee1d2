import type { RowKey } from '../../domain/keys.js';
import type { LostRow } from '../../domain/repair.js';
import type { RepairReport } from '../contract/actions.js';
import { auditName, named } from '../named.js';
import { custIdsOf } from './lost-customers.js';
import type { RowRefusedSince } from './place-lost.js';

/** Why a customer is left as it is. */
interface LeftBecause {
  readonly reason: RepairReport['left'][number]['reason'];
  readonly why?: string | null;
}

const namedExamples = 20;

/** What a repair has done so far. */
export class RepairTally {
  rows = 0;
  readonly customers = new Set<string>();
  readonly left: RepairReport['left'][number][] = [];
  /** Customers with rows applied after the lost ones. */
  replayed = 0;
  /** Refused rows that took effect and were put back to State 0, as the audit names them. */
  readonly takenBack: string[] = [];
  #refused = 0;
  readonly #refusedExamples: RepairReport['falselyRefused']['examples'][number][] = [];
  readonly #examples: RepairReport['examples'][number][] = [];

  /** Rows that took effect. */
  add(rows: readonly LostRow[]): void {
    this.rows += rows.length;
    for (const custId of custIdsOf(rows)) this.customers.add(custId);
    for (const { source, streamingNo, row, stateDate } of rows.slice(
      0,
      namedExamples - this.#examples.length,
    ))
      this.#examples.push(named({ source, streamingNo, custId: row.custId, opFlag: row.opFlag, stateDate }));
  }

  /** Rows that were refused since, because of the loss. */
  addRefused(rows: readonly RowRefusedSince[], isTakenBack: boolean): void {
    this.#refused += rows.length;
    if (isTakenBack) this.takenBack.push(...rows.map(auditName));
    for (const { source, streamingNo, row } of rows.slice(0, namedExamples - this.#refusedExamples.length))
      this.#refusedExamples.push(named({ source, streamingNo, custId: row.custId, opFlag: row.opFlag }));
  }

  /** A customer is left as it is, with these lost rows; the first is named. */
  leave(custId: string, rows: readonly RowKey[], { reason, why = null }: LeftBecause): void {
    const [first] = rows;
    if (first === undefined) return;
    const { source, streamingNo } = first;
    this.left.push({ ...named({ source, streamingNo }), custId, reason, rows: rows.length, why });
  }

  report(): Pick<RepairReport, 'rows' | 'customers' | 'replayed' | 'examples' | 'falselyRefused' | 'left'> {
    const { rows, customers, replayed, takenBack, left } = this;
    return {
      ...{ rows, customers: customers.size, replayed, examples: this.#examples },
      falselyRefused: { rows: this.#refused, takenBack: takenBack.length, examples: this.#refusedExamples },
      left,
    };
  }
}
