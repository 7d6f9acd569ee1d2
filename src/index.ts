/*
 * What a product platform imports: `import { createWorker, loadConfig } from 'bnet-sync'`.
 */
export { ConfigError, type ConfigIssue } from './config/config-error.js';
export { loadConfig, type ConfigSource } from './config/load.js';
export { parseConfig } from './config/parse.js';
export type { Config } from './config/schema.js';
export {
  createWorker,
  DrainTimeoutError,
  type CreateWorkerOptions,
  type SyncWorker,
} from './app/create-worker.js';
export { DatabaseError, type DatabaseErrorKind } from './database/errors.js';
export type { Account, Attribute, Customer, Identity } from './domain/customer.js';
export type { AccountOperation, CustomerOperation, Operation } from './domain/operation.js';
export { resultCodes, type ResultCode } from './domain/result-codes.js';
export type { Source } from './domain/keys.js';
export type { Pause } from './store/port.js';
export type { PauseTarget } from './store/port.js';
export { ShardsDifferError } from './store/port.js';
export { StoreNewerError, StoreNotMigratedError } from './store/setup-port.js';
export type { WorkerEvents } from './worker/events.js';
export type {
  AccountHandlerContext,
  CustomerHandlerContext,
  HandlerRefusal,
  HandlerResult,
  Handlers,
} from './worker/handlers.js';
export { BreakerOpenError } from './worker/circuit-breaker.js';
export { PausedError } from './worker/paused.js';
export { CredentialsRefusedError } from './worker/database-health.js';
