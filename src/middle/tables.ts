/** Where the four tables are, and which rows are ours. */
export interface MiddleTables {
  /** Schema of the tables (Oracle: their owner); absent: whatever unqualified names resolve to, such as synonyms. */
  readonly schema: string | undefined;
  /** Products whose rows are ours; empty: all. */
  readonly productIds: readonly string[];
  readonly markAttributes: boolean;
  /** Rows with more attribute rows are refused: at most one more is counted or read, and none is changed. */
  readonly maxAttributes: number;
}
