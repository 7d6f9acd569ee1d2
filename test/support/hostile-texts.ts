import fc from 'fast-check';

/** What others could write into a row, a reason or a message to do harm where it is shown. */
const pieces = [
  ...['\u001b[2J', '\u001b]0;title\u0007', '\u001b]8;;http://evil\u001b\\', '\u009b31m', '\u009d0;x\u009c'],
  ...['\u0000', '\u0007', '\b', '\t', '\n', '\r', '\r\n', '\u001b', '\u007f', '\u0085', '\u2028', '\u2029'],
  ...['\u00ad', '\u061c', '\u180e', '\u200b', '\u200d', '\u200e', '\u200f', '\u202a', '\u202e', '\u2060'],
  ...['\u2066', '\u2069', '\ufeff', '\u{e0001}', '\u{e0041}', '\u3164', '\u115f', '\ud83d', '\ude00'],
  ...[
    '=cmd|" /C calc"!A0',
    '=HYPERLINK("http://evil")',
    '+1',
    '-2+3',
    '@SUM(A1)',
    '＝1+1',
    '＠x',
    "'",
    '"',
    ',',
  ],
  ...[
    ';',
    '|',
    ' ',
    '00402',
    '12345678901234567890',
    '123456789012345678901234567890',
    '1E5',
    '3-4',
    '3月5日',
  ],
  ...[
    'TRUE',
    'Mar-5',
    '12306',
    '杭州某某科技有限公司',
    '🎉',
    '葛\u{e0100}',
    'a',
    'Z',
    '%',
    '<b>',
    '\\',
    '{note}',
  ],
];

const hostileText = fc
  .array(
    fc.oneof(
      { arbitrary: fc.constantFrom(...pieces), weight: 4 },
      { arbitrary: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), weight: 1 },
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(''));

/** A thousand of them, the same at every run. */
export const hostileTexts: readonly string[] = fc.sample(hostileText, { numRuns: 1000, seed: 20261128 });

const unwantedRanges = [
  ...[
    '0000-\\u001f',
    '007f-\\u009f',
    '00ad',
    '034f',
    '0600-\\u0605',
    '061c',
    '06dd',
    '070f',
    '0890',
    '0891',
    '08e2',
  ],
  ...['115f', '1160', '17b4', '17b5', '180e', '200b-\\u200f', '2028-\\u202e', '2060-\\u206f', '3164'],
  ...['d800-\\udfff', 'feff', 'ffa0', 'fff0-\\ufffb', '{e0000}-\\u{e007f}'],
];
/** Characters that no terminal, log line or cell may get, by their numbers: written apart from the code that keeps them out. */
export const unwanted = new RegExp(`[${unwantedRanges.map((range) => `\\u${range}`).join('')}]`, 'u');
