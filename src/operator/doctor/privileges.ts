import type { MiddleKind } from '../../middle/port.js';
import { fine, type Finding } from './finding.js';
import { quotedName } from './indexes.js';

/** Whom to grant what is missing. */
export interface PrivilegeContext {
  readonly kind: MiddleKind;
  readonly schema?: string;
  /** The user that the worker connects as, where the configuration names one. */
  readonly user?: string;
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

function whatToDo({ kind, schema, user }: PrivilegeContext, privilege: string): string {
  if (kind === 'sqlite') return 'let this user write the file and its folder';
  const qualified =
    schema === undefined ? privilege : privilege.replace(' ON ', ` ON ${quotedName(schema)}.`);
  const grant = `GRANT ${qualified} TO ${user ?? 'bnet_sync'};`;
  const isOptional = privilege.startsWith('UPDATE') && privilege.endsWith('_ATTR');
  return isOptional ? `${grant} -- or set middle.markAttributes to false` : grant;
}
