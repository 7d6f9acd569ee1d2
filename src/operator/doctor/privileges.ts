import type { MiddleKind } from '../../middle/port.js';
import { fine, type Finding } from './finding.js';
import { qualified, readyName } from './names.js';
import { wayToTables } from './tables.js';

/** Whom to grant what is missing. */
export interface PrivilegeContext {
  readonly kind: MiddleKind;
  readonly schema?: string;
  /** As whom the worker is connected, where the server tells. */
  readonly user?: string;
  /** Tables to which no name leads, and the schemas in which this user sees such tables; none by default. */
  readonly missingTables?: readonly string[];
  readonly schemas?: readonly string[];
}

/** One finding per privilege that is refused, with the statement that gives it. */
export function privilegeFindings(
  context: PrivilegeContext,
  missing: readonly { readonly privilege: string; readonly error: string }[],
): Finding[] {
  if (missing.length === 0) return [fine('privileges', 'this user may do all that the worker needs')];
  return missing.map(({ privilege, error }) => ({
    area: 'privileges',
    level: 'fault',
    finding: `${privilege} is refused: ${error}`,
    whatToDo: whatToDo(context, privilege),
  }));
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
