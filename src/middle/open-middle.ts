import type { PoolUse } from '../database/pool-use.js';
import type { BoundedQueries, FinishedRows, MiddleAdmin } from './admin-port.js';
import type { MiddleDatabase } from './port.js';

/** An open middle database, for the worker and for operators. */
export interface OpenMiddle {
  readonly database: MiddleDatabase;
  readonly operations: MiddleAdmin;
  readonly search: BoundedQueries;
  readonly finished: FinishedRows;
  pool(): PoolUse;
  close(): Promise<void>;
}
