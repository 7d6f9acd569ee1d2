import pg from 'pg';
import { rowDigest } from '../../../src/domain/digest.js';
import { errContent, type Refusal } from '../../../src/domain/err-content.js';
import type { Account, Customer, Identity } from '../../../src/domain/customer.js';
import { isCanonicalNumber, type RowKey } from '../../../src/domain/keys.js';
import { isRefusal, parseOperation, type Operation } from '../../../src/domain/operation.js';
import type { Cell, InterfaceRow } from '../../../src/domain/rows.js';
import { State } from '../../../src/domain/states.js';
import { snapshotRequest, WorkingSet, type Snapshot } from '../../../src/domain/working-set.js';
import type { Rules } from '../../../src/domain/rules.js';
import { attributesByRow, interfaceRow, type DriverRow } from '../../../src/middle/rows.js';
import type { PostgresAccess } from '../../support/postgres-database.js';
import * as statements from './row-statements.js';

/*
 * What a product's developers write to be called for each row by a job queue: one small transaction that reads the row,
 * decides with the very rules that bnet-sync uses, writes customer, attributes and journal, and marks the row. All in
 * one database, so that one commit does for everything.
 */

/** Rows in work at the same time. */
export const concurrency = 10;

const rules: Rules = {
  onDuplicateOpen: 'refuse',
  onDuplicateBind: 'refuse',
  onCancelWithUsers: 'refuse',
  attributes: 'merge',
  userLimitAttrSpecId: null,
};

/** As long as the id of a worker, so that the journal's rows are of one size. */
const workerId = '0b000000-0000-4000-8000-000000000010';

/** Applies rows one at a time, each in a transaction of its own. */
export class RowApplier {
  readonly #pool: pg.Pool;

  constructor(access: PostgresAccess) {
    this.#pool = new pg.Pool({ ...access, max: concurrency });
  }

  /** Applies a row; a row that is not in State 0 any more is left alone. */
  async apply(key: RowKey): Promise<void> {
    const client = await this.#pool.connect();
    try {
      await client.query('BEGIN');
      await applyIn(client, key);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      client.release();
    }
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}

type Session = pg.PoolClient;

async function ask(session: Session, statement: statements.NamedStatement, values: readonly unknown[]) {
  return (await session.query<DriverRow>({ ...statement, values: [...values] })).rows;
}

async function applyIn(session: Session, { source, streamingNo }: RowKey): Promise<void> {
  const [found] = await ask(session, statements.readRow[source], [streamingNo]);
  if (found === undefined) return;
  const given = (found['attributes'] ?? []) as DriverRow[];
  const byRow = attributesByRow(given.map((attribute) => ({ ...attribute, StreamingNo: streamingNo })));
  const row = interfaceRow(source, found, byRow.get(streamingNo) ?? []);
  const refusal = await takeEffect(session, row, String(found['at']));
  await record(session, row, refusal);
  const state = refusal === null ? State.Succeeded : State.Failed;
  const text = refusal === null ? null : errContent(source, refusal);
  await ask(session, statements.markRow[source], [streamingNo, state, text]);
}

async function takeEffect(session: Session, row: InterfaceRow, at: string): Promise<Refusal | null> {
  const operation = parseOperation(row);
  if (isRefusal(operation)) return operation;
  const work = new WorkingSet(snapshotRequest([operation], rules), await readState(session, operation));
  const decision = work.decide(operation, { rules, at });
  if (decision.kind === 'refused') return decision.refusal;
  work.take(operation, decision, at);
  const { customers, accounts, customerAttributes, accountAttributes } = work.changes();
  for (const customer of customers) await writeCustomer(session, customer);
  for (const account of accounts) await writeAccount(session, account);
  for (const { subject, hadAttributes } of customerAttributes) {
    const owner = identityOf(subject);
    if (hadAttributes) await ask(session, statements.deleteCustomerAttributes, owner);
    await insertAttributes(session, statements.insertCustomerAttributes, owner, subject);
  }
  for (const { subject, hadAttributes } of accountAttributes) {
    const owner = [...identityOf(subject), subject.userId];
    if (hadAttributes) await ask(session, statements.deleteAccountAttributes, owner);
    await insertAttributes(session, statements.insertAccountAttributes, owner, subject);
  }
  return null;
}

async function readState(session: Session, operation: Operation): Promise<Snapshot> {
  const { identity } = operation;
  const values = identityOf(identity);
  const customers = await ask(session, statements.readCustomer, values);
  const users =
    operation.source === 'CUST'
      ? []
      : await ask(session, statements.readAccount, [...values, operation.userId]);
  const counted = operation.opFlag === '0103' ? await ask(session, statements.countBound, values) : [];
  return {
    customers: customers.map((customer) => ({ ...customer, ...identity }) as unknown as Customer),
    accounts: users.map((user) => {
      const userId = operation.source === 'ACCOUNT' ? operation.userId : '';
      return { ...user, ...identity, userId } as unknown as Account;
    }),
    boundUsers: counted.map((count) => ({ ...identity, count: Number(count['users']) })),
  };
}

function identityOf({ productId, custId, bizId }: Identity): string[] {
  return [productId, custId, bizId];
}

async function writeCustomer(session: Session, customer: Customer): Promise<void> {
  const { areaCode, custAccount, custName, status, openedAt, changedAt, cancelledAt, lastStreamingNo } =
    customer;
  await ask(session, statements.writeCustomer, [
    ...identityOf(customer),
    ...[areaCode, custAccount, custName, status, openedAt, changedAt, cancelledAt, lastStreamingNo],
  ]);
}

async function writeAccount(session: Session, account: Account): Promise<void> {
  const { userId, areaCode, accType, accName, status, boundAt, changedAt, unboundAt, lastStreamingNo } =
    account;
  await ask(session, statements.writeAccount, [
    ...identityOf(account),
    ...[userId, areaCode, accType, accName, status, boundAt, changedAt, unboundAt, lastStreamingNo],
  ]);
}

async function insertAttributes(
  session: Session,
  statement: statements.NamedStatement,
  owner: readonly string[],
  { attributes }: Customer | Account,
): Promise<void> {
  if (attributes.length === 0) return;
  await ask(session, statement, [
    ...owner,
    attributes.map(({ attrSpecId }) => attrSpecId),
    attributes.map(({ attrId }) => attrId),
    attributes.map(({ attrValue }) => attrValue),
  ]);
}

async function record(session: Session, row: InterfaceRow, refusal: Refusal | null): Promise<void> {
  await ask(session, statements.insertJournal, [
    row.source,
    row.streamingNo,
    row.opFlag,
    numberIn(row.productId),
    numberIn(row.custId),
    row.bizId,
    row.userId,
    refusal === null ? 'applied' : 'failed',
    refusal?.code ?? null,
    refusal === null ? null : errContent(row.source, refusal),
    rowDigest(row),
    workerId,
  ]);
}

function numberIn(cell: Cell): Cell {
  return cell !== null && isCanonicalNumber(cell) ? cell : null;
}
