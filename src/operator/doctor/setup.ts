import {
  elsewhereRemedy,
  elsewhereText,
  encodingRemedy,
  encodingText,
  foreignRemedy,
  foreignText,
  isFitEncoding,
  missingRemedy,
  missingText,
  newerRemedy,
  newerText,
  schemaRemedy,
  type StoreSetup,
} from '../../store/setup-port.js';
import type { Finding } from '../contract/checks.js';
import { fine } from './finding.js';

/** Whether the product store is set up for this version, and its database fit for it. */
export function setupFindings(setup: StoreSetup): Finding[] {
  return [...encodingFindings(setup), migrationFinding(setup)];
}

function encodingFindings({ encoding }: StoreSetup): Finding[] {
  if (encoding === null || isFitEncoding(encoding)) return [];
  return [
    { area: 'product store', level: 'error', finding: encodingText(encoding), whatToDo: encodingRemedy },
  ];
}

function migrationFinding(setup: StoreSetup): Finding {
  const { newer, pending, missing, foreign, elsewhere, schema, noSchema } = setup;
  const place = schema === null ? '' : `, in the schema "${schema}"`;
  if (noSchema !== null) return fault(noSchema, schemaRemedy);
  if (newer.length > 0) return fault(newerText(setup), newerRemedy);
  if (foreign.length > 0) return fault(foreignText(foreign), foreignRemedy);
  if (missing.length > 0) return fault(missingText(missing), missingRemedy);
  if (pending.length === 0) return fine('migrations', `all have run${place}`);
  if (elsewhere.length > 0) return fault(elsewhereText(elsewhere), elsewhereRemedy);
  return fault(`the product store lacks ${pending.join(', ')}${place}`, 'run "bnet-sync migrate"');
}

function fault(finding: string, whatToDo: string): Finding {
  return { area: 'migrations', level: 'error', finding, whatToDo };
}
