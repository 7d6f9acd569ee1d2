import type { PoolUse } from '../database/pool-use.js';
import type { MiddleAdmin } from './admin-port.js';
import type { MiddleDatabase } from './port.js';

/** An open middle database, for the worker and for operators. */
export interface OpenMiddle {
  readonly database: MiddleDatabase;
  readonly admin: MiddleAdmin;
  pool(): PoolUse;
  close(): Promise<void>;
}
