import { interfaceTables } from './oracle-tables.js';

/*
 * What the two users may do. Both are roles of PostgreSQL, which enforces their privileges column by column; its
 * refusals become ORA-00942 where the user may do nothing at all with a table, and ORA-01031 elsewhere (errors.ts).
 */

/** What the worker's user was granted: what the specification grants (5.2.1), only reading, or nothing. */
export type WorkerGrants = 'specification' | 'read' | 'none';

export interface Roles {
  /** Schema of the tables, as PostgreSQL writes it. */
  readonly schema: string;
  readonly owner: string;
  readonly worker: string;
}

/** Creates both roles; everything they may do in the schema `oracle` comes with it. */
export function rolesSql({ schema, owner, worker }: Roles): string {
  const create = [owner, worker].map(
    (role) => `
CREATE ROLE "${role}" NOLOGIN;
GRANT USAGE ON SCHEMA oracle TO "${role}";
GRANT SELECT ON ALL TABLES IN SCHEMA oracle TO "${role}";`,
  );
  return `${create.join('')}
CREATE SCHEMA "${schema}";
GRANT ALL ON SCHEMA "${schema}" TO "${owner}";
GRANT USAGE ON SCHEMA "${schema}" TO "${worker}";
GRANT INSERT, DELETE ON oracle.column_types TO "${owner}";`;
}

/** Hands the tables to their owner and grants the worker its part. */
export function grantsSql({ schema, owner, worker }: Roles, grants: WorkerGrants): string {
  return interfaceTables
    .flatMap(({ name, columns }) => {
      const table = `"${schema}"."${name.toLowerCase()}"`;
      const updatable = columns.flatMap(([column]) =>
        /^(STATE|STATEDATE|ERRCONTENT)$/.test(column) ? [column] : [],
      );
      return [
        `ALTER TABLE ${table} OWNER TO "${owner}";`,
        ...(grants === 'none' ? [] : [`GRANT SELECT ON ${table} TO "${worker}";`]),
        ...(grants === 'specification'
          ? [`GRANT UPDATE (${updatable.join(', ')}) ON ${table} TO "${worker}";`]
          : []),
      ];
    })
    .join('\n');
}

/** Takes both roles away with all that they own or were granted. */
export function dropRolesSql({ owner, worker }: Roles): string {
  return [owner, worker].map((role) => `DROP OWNED BY "${role}" CASCADE; DROP ROLE "${role}";`).join(' ');
}
