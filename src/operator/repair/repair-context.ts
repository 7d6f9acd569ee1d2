import type { RowKey } from '../../domain/keys.js';
import type { Actor } from '../contract/actions.js';
import type { ActionOptions, OperatorSettings } from '../requests.js';
import type { Loader, OnProgress } from '../verify/load.js';
import type { StagingDatabase } from '../verify/staging.js';
import type { VerifySources } from '../verify/verify.js';
import type { LossBounds } from './lost-customers.js';
import type { LostRowWriter } from './lost-row-writer.js';
import type { RepairTally } from './repair-tally.js';

/** What an operator asks to repair. */
export interface RepairRequest extends ActionOptions {
  /** Only this customer; null: all. */
  readonly custId: string | null;
  /** Only this product; null: all. */
  readonly productId: string | null;
  /** All finished rows of the scope that the journal does not know were finished by our workers. */
  readonly all: boolean;
  /** Rows that were refused since, because of the loss, take effect in their places, and are answered 2. */
  readonly takeBack: boolean;
  readonly onProgress: OnProgress;
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
