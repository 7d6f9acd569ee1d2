import type { RefusedPrivilege } from '../../domain/refused-privilege.js';
import type { MiddleKind } from '../../middle/admin-port.js';
import type { MissingStorePrivileges } from '../../store/admin-port.js';
import type { Finding } from '../contract/checks.js';
import { fine } from './finding.js';
import { qualified, readyName } from './names.js';
import { wayToTables } from './tables.js';

/** Whom to grant what is missing. */
export interface PrivilegeContext {
  readonly kind: MiddleKind;
  readonly schema?: string;
  /** The worker's user, if the server reports it. */
  readonly user?: string;
  /** Tables that no name leads to, and the schemas where this user sees such tables; none by default. */
  readonly missingTables?: readonly string[];
  readonly schemas?: readonly string[];
}

/** One finding per refused privilege, with the statement that grants it. */
export function privilegeFindings(
  context: PrivilegeContext,
  missing: readonly RefusedPrivilege[],
): Finding[] {
  if (missing.length === 0) return [fine('privileges', 'this user may do all that the worker needs')];
  const readOnly = missing.find(({ isReadOnly }) => isReadOnly === true);
  if (readOnly !== undefined) return [readOnlyFinding('middle', context.kind, readOnly)];
  return missing.map(({ privilege, error }) => ({
    area: 'privileges',
    level: 'error',
    finding: `${privilege} is refused: ${error}`,
    whatToDo: whatToDo(context, privilege),
  }));
}

/** The same for the product store: workers need their privileges, people can do without. */
export function storePrivilegeFindings({ user, refused }: MissingStorePrivileges): Finding[] {
  if (refused.length === 0)
    return [fine('privileges', 'this user may do all that workers and people need in the product store')];
  const kind = user === null ? 'sqlite' : 'postgresql';
  const readOnly = refused.find(({ isReadOnly }) => isReadOnly === true);
  if (readOnly !== undefined) return [readOnlyFinding('store', kind, readOnly)];
  return refused.map(({ privilege, error, neededBy }) => ({
    area: 'privileges',
    level: neededBy === 'worker' ? 'error' : 'warning',
    finding: `in the product store ${privilege} is refused: ${error}${usesOf[neededBy]}`,
    whatToDo:
      user === null
        ? 'let this user write the file and its folder'
        : `as the owner of the tables: GRANT ${privilege} TO ${readyName(kind, user)}; all grants are in sql/postgresql/grants-store.sql`,
  }));
}

/** What a refused privilege is for, where rows are processed without it. */
const usesOf = {
  worker: '',
  people: '; people need it to pause, resume, requeue, retry and repair',
  verify: '; verify.every, and the record of "bnet-sync verify", need it',
} as const;

function readOnlyFinding(
  section: 'middle' | 'store',
  kind: MiddleKind,
  { privilege, error }: RefusedPrivilege,
): Finding {
  const name = section === 'middle' ? 'the middle database' : 'the product store';
  return {
    area: section === 'middle' ? 'middle database' : 'product store',
    level: 'error',
    finding: `${name} takes no changes: ${privilege} fails with "${error}"`,
    whatToDo:
      kind === 'sqlite'
        ? `let this user write the file of ${section}.connection and its folder`
        : `have ${section}.connection lead to the primary: a standby, or a database that is open read-only, cannot be written`,
  };
}

function whatToDo(context: PrivilegeContext, privilege: string): string {
  const { kind, schema, user, missingTables = [], schemas = [] } = context;
  if (kind === 'sqlite') return 'let this user write the file and its folder';
  const [action = privilege, table = ''] = privilege.split(' ON ');
  const isOptional = action.startsWith('UPDATE') && table.endsWith('_ATTR');
  const remark = isOptional ? ' /* or set middle.markAttributes to false */' : '';
  const grantee = readyName(kind, user ?? 'bnet_sync');
  const grant = `GRANT ${action} ON ${qualified(kind, schema, table)} TO ${grantee}${remark};`;
  if (kind !== 'oracle' || schema !== undefined || !missingTables.includes(table)) return grant;
  const way = wayToTables(context, table);
  if (schemas.length > 0) return `${way}, and look again: it may be granted there already`;
  return `${way}; then, as the owner of the tables: ${grant}`;
}
