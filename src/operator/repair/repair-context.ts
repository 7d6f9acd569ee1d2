import type { RowKey } from '../../domain/keys.js';
import type { Actor } from '../contract/actions.js';
import type { ActionOptions, OperatorSettings } from '../requests.js';
import type { Loader, OnProgress } from '../verify/load.js';
import type { StagingDatabase } from '../verify/staging.js';
import type { VerifySources } from '../verify/verify.js';
import type { LossBounds } from './lost-customers.js';
import type { LostRowWriter } from './lost-row-writer.js';
import type { RepairScope } from './repair-record.js';
import type { RepairTally } from './repair-tally.js';

/** What an operator asks to repair. */
export interface RepairRequest extends ActionOptions, RepairScope {
  readonly onProgress: OnProgress;
  /** Ends the repair after the set it is at; the reason is an Error whose message says who or what did. */
  readonly signal?: AbortSignal;
  /** Called with the number of the action in the audit, before anything is changed. */
  readonly onRecorded?: (action: string) => void;
}

/** What a repair must know of the configuration. */
export type RepairSettings = Pick<OperatorSettings, 'productIds' | 'rules' | 'shards' | 'othersFinishRows'>;

/** What all parts of a repair share. */
export interface RepairEnvironment {
  readonly sources: VerifySources;
  readonly actor: Actor;
  readonly settings: RepairSettings;
  readonly request: RepairRequest;
  readonly writer: LostRowWriter;
  readonly tally: RepairTally;
}

/** What one round has read. */
export interface RepairRound {
  readonly stage: StagingDatabase;
  readonly loader: Loader;
  readonly bounds: LossBounds;
}

/** Lost rows that were not applied because their customer changed meanwhile, by CustID. */
export type BusyCustomers = ReadonlyMap<string, readonly RowKey[]>;
