import { basename, relative } from 'node:path';
import { resultText } from '../domain/result-codes.js';
import { specExamples } from './platform/spec-examples.js';
import { listLines, tableLines } from '../cli/output.js';
import { operationText } from '../cli/labels.js';
import type { DemoFolder } from './demo-folder.js';
import { isAsExpected, type Check, type Findings, type CheckedBadRow } from './findings.js';
import type { DemoRun } from './play.js';

/** The summary of a demo. */
export function reportLines(folder: DemoFolder, demoRun: DemoRun, findings: Findings): string[] {
  const { applied, attributes, corrections, refused } = findings;
  const { rows, seed, faults } = demoRun.summary;
  const operations = tableLines(Object.entries(applied), [
    { head: 'Operation', of: ([opFlag]) => meaningOf(opFlag) },
    { head: 'Applied', right: true, of: ([, count]) => count },
  ]);
  const codes = tableLines(refused, [
    { head: 'Code', of: ({ code }) => `${code} ${resultText('CUST', code) ?? ''}` },
    { head: 'Rows', right: true, of: (group) => group.rows },
    { head: 'An ErrContent of them', shorten: 14, of: ({ example }) => example },
  ]);
  const [first, last] = [attributes.at(0), attributes.at(-1)];
  const shownAttribute = (attribute: typeof first): string =>
    attribute === undefined ? '' : `${attribute.attrSpecId} = ${attribute.attrValue ?? 'NULL'}`;
  const { newRows, putBack, accepted } = corrections;
  return [
    `The specification's ${specExamples.length} examples and ${rows} random rows (seed ${seed}), ${faults.length} of them wrong on purpose, in ${demoRun.seconds} s.`,
    '',
    'Applied to the product store:',
    ...operations,
    '',
    'Refused, with ErrContent (including those since corrected):',
    ...codes,
    '',
    'Wrong on purpose:',
    ...faultList(findings.faults),
    '',
    `Corrected after the refusal: ${newRows + putBack}, ${newRows} as new rows and ${putBack} put back to State 0; ${accepted} accepted.`,
    `Product 323002000 of the specification's example has ${attributes.length} attributes: ${shownAttribute(first)} … ${shownAttribute(last)}.`,
    '',
    'Checked:',
    ...findings.checks.map(checkLine),
    ...demoRun.troubles.map((trouble) => `! ${trouble}`),
    '',
    ...nextSteps(folder, findings),
    '',
    isFine(demoRun, findings)
      ? 'Everything is as expected.'
      : 'NOT everything is as expected: see the lines with ✗.',
  ];
}

/** Whether everything came as it should. */
export function isFine({ unanswered }: DemoRun, { checks }: Findings): boolean {
  return unanswered === 0 && checks.every(({ ok }) => ok);
}

const meanings: Readonly<Record<string, string>> = {
  '0101': 'opened',
  '0102': 'changed',
  '0103': 'cancelled',
  '0201': 'bound',
  '0202': 'changed',
  '0203': 'unbound',
};

function meaningOf(opFlag: string): string {
  const who = opFlag.startsWith('02') ? 'user' : 'product';
  return `${operationText(opFlag)} (${who} ${meanings[opFlag] ?? ''})`;
}

/** One line per kind of fault, and one per row that was not refused as expected. */
function faultList(faults: readonly CheckedBadRow[]): readonly string[] {
  const kinds = [...new Set(faults.map(({ kind }) => kind))].sort();
  const rows = kinds.flatMap((kind) => {
    const ofKind = faults.filter((fault) => fault.kind === kind);
    const right = ofKind.filter(isAsExpected);
    const wrong = ofKind.filter((fault) => !isAsExpected(fault));
    const expected = ofKind[0]?.expected ?? '';
    return [
      ...(right.length === 0 ? [] : [[kind, right.length, expected, expected, '✓']]),
      ...wrong.map((fault) => [
        `${kind} ${fault.streamingNo}`,
        1,
        expected,
        fault.actual ?? 'not refused',
        '✗',
      ]),
    ];
  });
  const columns = [
    { head: 'Fault' },
    { head: 'Rows', right: true as const },
    { head: 'Expected' },
    { head: 'Actual' },
    { head: '' },
  ];
  return listLines({ columns, rows });
}

function checkLine({ what, expected, found, ok }: Check): string {
  if (ok) return typeof found === 'number' ? `✓ ${what}: ${found}` : `✓ ${what}`;
  return `✗ ${what}: expected ${expected}, found ${found}`;
}

function nextSteps({ path, configFile, config }: DemoFolder, { faults }: Findings): string[] {
  const { settleMs, dependencyGraceMs } = config.worker;
  const command = (words: string): string => `  ${programName()} ${words} --config ${configFile}`;
  const sample = faults.find(({ kind }) => kind === 'cancelled-with-users') ?? faults[0];
  return [
    `The databases are in ${path}: middle.sqlite (the platform's) and store.sqlite (the product's). The worker waited`,
    `less than by default there: worker.settleMs ${settleMs}, worker.dependencyGraceMs ${dependencyGraceMs}.`,
    'Look around:',
    command('status'),
    command('failed --limit 5'),
    command('show IF_BNET_CUST 1150'),
    ...(sample === undefined ? [] : [command(`show ${sample.table} ${sample.streamingNo}`)]),
    command('simulate --rows 200 --wait 0'),
    command('run --once'),
  ];
}

/** How this program was called. */
function programName(): string {
  const script = process.argv[1] ?? '';
  if (basename(script) !== 'main.js') return 'bnet-sync';
  const path = relative(process.cwd(), script);
  return `node ${path.startsWith('..') ? script : path}`;
}
