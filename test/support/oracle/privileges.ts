import { interfaceTables } from './oracle-tables.js';

/*
 * What the two users may do. Both are roles of PostgreSQL, which enforces their privileges column by column; its
 * refusals become ORA-00942 where the user may do nothing at all with a table, and ORA-01031 elsewhere (errors.ts).
 *
 * Whoever has Oracle's SELECT may lock rows as well (SELECT … FOR UPDATE), and whoever has READ may not. PostgreSQL asks
 * for UPDATE then. So a locking query of the worker runs under a third role, which has that where the worker has SELECT.
 */

/** What the worker's user was granted: what the specification grants (5.2.1), SELECT or READ alone, or nothing. */
export type WorkerGrants = 'specification' | 'select' | 'read' | 'none';

export interface Roles {
  /** Schema of the tables, as PostgreSQL writes it. */
  readonly schema: string;
  readonly owner: string;
  readonly worker: string;
  /** What the worker's locking queries run under. */
  readonly locker: string;
}

/** The roles that stand for one user. */
export interface UserRoles {
  readonly role: string;
  /** What its locking queries run under; undefined: its own role. */
  readonly locker: string | undefined;
}

/** Creates the roles; everything they may do in the schema `oracle` comes with it. */
export function rolesSql({ schema, owner, worker, locker }: Roles): string {
  const create = [owner, worker, locker].map(
    (role) => `
CREATE ROLE "${role}" NOLOGIN;
GRANT USAGE ON SCHEMA oracle TO "${role}";
GRANT SELECT ON ALL TABLES IN SCHEMA oracle TO "${role}";`,
  );
  return `${create.join('')}
CREATE SCHEMA "${schema}";
GRANT ALL ON SCHEMA "${schema}" TO "${owner}";
GRANT USAGE ON SCHEMA "${schema}" TO "${worker}", "${locker}";
GRANT "${locker}" TO "${worker}" WITH INHERIT FALSE, SET TRUE;
GRANT INSERT, DELETE ON oracle.column_types TO "${owner}";`;
}

/** Hands the tables to their owner and grants the worker its part. */
export function grantsSql({ schema, owner, worker, locker }: Roles, grants: WorkerGrants): string {
  return interfaceTables
    .flatMap(({ name, columns }) => {
      const table = `"${schema}"."${name.toLowerCase()}"`;
      const updatable = columns.flatMap(([column]) =>
        /^(STATE|STATEDATE|ERRCONTENT)$/.test(column) ? [column] : [],
      );
      return [
        `ALTER TABLE ${table} OWNER TO "${owner}";`,
        ...(grants === 'none' ? [] : [`GRANT SELECT ON ${table} TO "${worker}", "${locker}";`]),
        ...(/^(none|read)$/.test(grants) ? [] : [`GRANT UPDATE ON ${table} TO "${locker}";`]),
        ...(grants === 'specification'
          ? [`GRANT UPDATE (${updatable.join(', ')}) ON ${table} TO "${worker}";`]
          : []),
      ];
    })
    .join('\n');
}

/**
 * What a GRANT or REVOKE on a table means for locking.
 *
 * @param words - its privileges by their names in Oracle
 */
export function lockingGrantSql(words: readonly string[], table: string, target: LockingGrant): string {
  const { granted, locker } = target;
  const reads = words.includes('SELECT') ? ['SELECT', 'UPDATE'] : words.includes('READ') ? ['SELECT'] : [];
  if (reads.length === 0) return '';
  return `${granted ? 'GRANT' : 'REVOKE'} ${reads.join(', ')} ON ${table} ${granted ? 'TO' : 'FROM'} "${locker}"`;
}

interface LockingGrant {
  readonly granted: boolean;
  readonly locker: string;
}

/** Takes the roles away with all that they own or were granted. */
export function dropRolesSql({ owner, worker, locker }: Roles): string {
  return [owner, worker, locker]
    .map((role) => `DROP OWNED BY "${role}" CASCADE; DROP ROLE "${role}";`)
    .join(' ');
}
