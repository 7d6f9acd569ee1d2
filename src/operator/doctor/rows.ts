import { rowId, sources, tableOf, type RowKey, type Source } from '../../domain/keys.js';
import { fine, type Finding } from './finding.js';

/** Keys that stand more than once, and rows without one. */
export interface Misnamed {
  readonly duplicates: readonly (RowKey & { readonly count: number })[];
  readonly withoutStreamingNo: Readonly<Record<Source, number>>;
}

/** Rows whose StreamingNo does not name them. */
export function rowFindings({ duplicates, withoutStreamingNo }: Misnamed): Finding[] {
  const findings: Finding[] = [];
  if (duplicates.length > 0) {
    const named = duplicates.map((key) => `${rowId(key)} (${key.count} rows)`).join(', ');
    findings.push({
      area: 'rows',
      level: 'fault',
      finding: `a StreamingNo stands more than once: ${named}`,
      whatToDo:
        'the platform must remove all rows but one of each: none of them is applied, they end in State 3 with 00404; ' +
        'a primary key on StreamingNo keeps this from happening',
    });
  }
  for (const source of sources) {
    if (withoutStreamingNo[source] === 0) continue;
    findings.push({
      area: 'rows',
      level: 'fault',
      finding: `${withoutStreamingNo[source]} open rows of ${tableOf[source]} have no StreamingNo`,
      whatToDo:
        'the platform must give them one or remove them: nobody can process or answer a row without a name',
    });
  }
  return findings.length > 0 ? findings : [fine('rows', 'every StreamingNo names one row')];
}
