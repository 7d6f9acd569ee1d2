import { sources, tableOf } from '../../../src/domain/keys.js';
import { resultCodes } from '../../../src/domain/result-codes.js';
import { page, table } from './markdown.js';

/**
 * When bnet-sync itself refuses a row with a code, and who must act. A test compares these with the codes that the
 * source gives.
 */
export const givenByUs: Readonly<Record<string, { readonly when: string; readonly who: string }>> = {
  '00205': {
    when: 'a row that alone keeps failing with an unexpected error, or whose processes end while it is tried: after `worker.maxAttempts` tries. A fault of the program or of a handler, not of the data',
    who: "the product's developers",
  },
  '00401': {
    when: 'a needed field, or OPFlag, is absent, empty or blank; the text names all of them',
    who: 'the platform',
  },
  '00402': {
    when: 'the product is not open, or the user not bound: never (then only after `worker.dependencyGraceMs`), or not any more',
    who: 'the platform',
  },
  '00403': {
    when: 'a value of the wrong type or length, an OPFlag of the other table or of none, an AccType other than 1 and 2, a NUL character, a StreamingNo below 0, more attribute rows than `worker.maxAttributes`; the text names field and value',
    who: 'the platform',
  },
  '00404': {
    when: 'opened while active, bound while bound (`rules.onDuplicateOpen`, `rules.onDuplicateBind`), or a StreamingNo that stands twice in its table',
    who: 'the platform',
  },
  '00405': {
    when: 'cancelled while users are bound (`rules.onCancelWithUsers`)',
    who: 'the platform',
  },
  '00406': {
    when: 'bound past the limit that the customer attribute `rules.userLimitAttrSpecId` holds',
    who: 'the platform, or who sold the limit',
  },
};

/** docs/reference/codes.md */
export async function codesPage(): Promise<string> {
  return page('Result codes', [
    `The codes of the specification (5.1.1.3.3 and 5.1.3.3.3) with their standard texts. The ErrContent of a row in State 3 is
\`code standard-text: detail\`. A [handler](../handlers.md) may refuse a row with any code of its table but 00000. What to do
about a code stands in the [runbook](../operations.md#result-codes). The M2M codes 007xx mean different things in the two tables.`,
    ...sources.flatMap((source) => [
      `## ${tableOf[source]}`,
      table(
        ['Code', 'Standard text', 'Given by', 'When', 'Who must act'],
        resultCodes(source).map(({ code, text }) => {
          const given = givenByUs[code];
          if (code === '00000') return [code, text, 'nobody', 'a success leaves ErrContent empty', ''];
          if (given === undefined) return [code, text, 'handlers only', '', "says the product's platform"];
          return [code, text, 'bnet-sync, handlers', given.when, given.who];
        }),
      ),
    ]),
  ]);
}
