import { createDatabase, type TestDatabase } from '../postgres.js';
import { OracleStandIn, type StandInOptions } from './stand-in.js';

/** A stand-in with a database of its own. */
export interface CreatedOracle {
  readonly standIn: OracleStandIn;
  /** The database behind it, to look at rows without going through the stand-in. */
  readonly database: TestDatabase;
  /** Stops the stand-in and deletes its database. */
  remove(): Promise<void>;
}

/** Starts a stand-in on an empty database of this test run's PostgreSQL server. */
export async function createOracle(options: Omit<StandInOptions, 'postgres'> = {}): Promise<CreatedOracle> {
  const database = await createDatabase('oracle');
  const standIn = new OracleStandIn({ ...options, postgres: database.connection });
  try {
    await standIn.start();
  } catch (error) {
    await database.drop();
    throw error;
  }
  return {
    standIn,
    database,
    remove: async () => {
      await standIn.stop();
      await database.drop();
    },
  };
}
