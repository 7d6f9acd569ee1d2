import type { MiddleAdmin } from '../middle/admin-port.js';
import type { StoreAdmin } from '../store/admin-port.js';

/** Both databases, as operators use them. */
export interface Databases {
  readonly middle: MiddleAdmin;
  readonly store: StoreAdmin;
}
