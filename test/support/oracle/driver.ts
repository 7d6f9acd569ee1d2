import oracledb from 'oracledb';
import type { OracleStandIn } from './stand-in.js';

/** The version of the driver that the stand-in was written for: its readers define what the stand-in sends. */
export const DRIVER_VERSION = '26.0.0';

/** Fetches NUMBER as text: a JavaScript number would round it. */
export const numbersAsText: oracledb.ExecuteOptions = {
  fetchTypeHandler: (column) =>
    column.dbType === oracledb.DB_TYPE_NUMBER ? { type: oracledb.STRING } : undefined,
};

export async function connectAsWorker({
  connectString,
  user,
  password,
}: OracleStandIn): Promise<oracledb.Connection> {
  return oracledb.getConnection({ connectString, user, password });
}

export async function connectAsOwner({ connectString, owner }: OracleStandIn): Promise<oracledb.Connection> {
  return oracledb.getConnection({ connectString, ...owner });
}

/** What the driver says of a failure. */
export interface DriverFailure {
  readonly code: string | undefined;
  readonly number: number | undefined;
  readonly message: string;
}

/** The failure of a call that has to fail. */
export async function failureOf(work: Promise<unknown>): Promise<DriverFailure> {
  try {
    await work;
  } catch (error) {
    const { code, errorNum, message } = error as { code?: string; errorNum?: number; message: string };
    return { code, number: errorNum, message };
  }
  throw new Error('The call was expected to fail.');
}

/** The rows of a query, with numbers as text. */
export async function rowsOf(
  connection: oracledb.Connection,
  sql: string,
  binds: oracledb.BindParameters = [],
): Promise<unknown[][]> {
  const { rows = [] } = await connection.execute<unknown[]>(sql, binds, numbersAsText);
  return rows;
}

/** One value of one row. */
export async function valueOf(
  connection: oracledb.Connection,
  sql: string,
  binds: oracledb.BindParameters = [],
): Promise<unknown> {
  return (await rowsOf(connection, sql, binds))[0]?.[0];
}
