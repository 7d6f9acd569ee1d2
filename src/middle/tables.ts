/** Where the four tables are and which of their rows are ours. */
export interface MiddleTables {
  /** Schema of the tables (Oracle: their owner); absent: wherever unqualified names lead, to synonyms for instance. */
  readonly schema: string | undefined;
  /** Products whose rows are ours; empty: all. */
  readonly productIds: readonly string[];
  readonly markAttributes: boolean;
  /** Rows with more attribute rows are refused: no more than one above it are counted or read, and none is changed. */
  readonly maxAttributes: number;
}
