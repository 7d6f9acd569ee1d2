import type { RowKey, RowOrder } from './keys.js';

/** Every value of a row as text, exactly as the middle database holds it; `''` and NULL are both null. */
export type Cell = string | null;

/** What a poll reads of a row: its key, its place in the order and what it may have to wait for. */
export interface PolledRow extends RowOrder {
  readonly custId: Cell;
  readonly productId: Cell;
  readonly bizId: Cell;
  /** Null for a row of IF_BNET_CUST. */
  readonly userId: Cell;
  readonly opFlag: Cell;
  /** Initial or Processing: nothing else is polled. */
  readonly state: number;
  /** Null also where it cannot name an attempt, because it is no date of 19 characters. */
  readonly stateDate: Cell;
  /**
   * How many attribute rows it has; counting stops above `worker.maxAttributes`. 0 also where all rows of the page together
   * have no more than that.
   */
  readonly attributes: number;
}

/** An attribute row of either attribute table. */
export interface AttributeRow {
  /** CustAttrID or AccAttrID. */
  readonly attrId: Cell;
  readonly attrSpecId: Cell;
  readonly attrValue: Cell;
}

/** A row as it stands in the middle database after the claim, with its attributes in attribute-id order. */
export interface InterfaceRow extends RowKey {
  readonly productId: Cell;
  readonly bizId: Cell;
  readonly areaCode: Cell;
  readonly custId: Cell;
  /** IF_BNET_CUST only, else null. */
  readonly custAccount: Cell;
  readonly custName: Cell;
  /** IF_BNET_ACCOUNT only, else null. */
  readonly userId: Cell;
  readonly accType: Cell;
  readonly accName: Cell;
  readonly opFlag: Cell;
  readonly createDate: Cell;
  readonly state: number | null;
  readonly stateDate: Cell;
  readonly attributes: readonly AttributeRow[];
}
