/*
 * Which passwords may be hashed. Not every bad one can be known; what is refused is what attackers try first: a common
 * word or a row of the keyboard with digits, years and signs around it, or the same few characters over and over. So all of
 * these are taken away, and enough has to be left.
 */

const fewestCharacters = 12;
const mostCharacters = 1024;
/** How many different characters have to be left. */
const fewestLeft = 5;

const commonWords = [
  ...[
    'administrator',
    'password',
    'passwort',
    'passphrase',
    'changeme',
    'change',
    'letmein',
    'welcome',
    'iloveyou',
  ],
  ...[
    'superman',
    'batman',
    'dragon',
    'monkey',
    'master',
    'shadow',
    'sunshine',
    'princess',
    'football',
    'baseball',
  ],
  ...[
    'woaini',
    'mima',
    'admin',
    'login',
    'secret',
    'default',
    'oracle',
    'postgres',
    'system',
    'manager',
    'tiger',
  ],
  ...[
    'database',
    'server',
    'service',
    'operator',
    'reader',
    'console',
    'telecom',
    'chinatelecom',
    'dianxin',
    'ismp',
  ],
  ...[
    'bnet',
    'sync',
    'test',
    'demo',
    'user',
    'root',
    'guest',
    'hello',
    'pass',
    'word',
    '密码',
    '口令',
    '管理员',
    '我爱你',
  ],
].sort((one, other) => other.length - one.length);

const rows = [
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiop',
  'qwertzuiop',
  'asdfghjkl',
  'zxcvbnm',
  'qazwsxedc',
  '1qaz2wsx3edc4rfv',
];
/** Pieces of a row, forwards and backwards, of four characters. */
const runs = new Set(
  rows.flatMap((row) => {
    const backwards = [...row].reverse().join('');
    return [row, backwards].flatMap((text) => [...text].map((_, at) => text.slice(at, at + 4)));
  }),
);

const lookalikes: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'l',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** Why a password must not be used; null: it may. */
export function passwordIssue(password: string): string | null {
  const { length } = [...password];
  if (length < fewestCharacters || length > mostCharacters)
    return `a password has ${fewestCharacters} to ${mostCharacters} characters`;
  const plain = password.normalize('NFKC').toLowerCase();
  if (isLeftEnough(plain) && isLeftEnough(plain.replace(/[013457@$!]/g, (sign) => lookalikes[sign] ?? sign)))
    return null;
  return 'this password is made of common words, rows of keys, digits or repetitions, which are tried first: take four words that have nothing to do with one another, or have a password manager make one';
}

function isLeftEnough(text: string): boolean {
  const withoutWords = commonWords.reduce((rest, word) => rest.replaceAll(word, ' '), text);
  const left = withoutRuns(withoutWords).replace(/[\p{N}\p{P}\p{S}\p{Z}\p{C}]/gu, '');
  return new Set(left).size >= fewestLeft;
}

function withoutRuns(text: string): string {
  for (let at = 0; at < text.length; at += 1)
    if (text.length - at >= 4 && runs.has(text.slice(at, at + 4)))
      return withoutRuns(`${text.slice(0, at)} ${text.slice(at + runLength(text, at))}`);
  return text;
}

/** How long the run is that begins there. */
function runLength(text: string, from: number): number {
  let end = from + 4;
  while (end < text.length && runs.has(text.slice(end - 3, end + 1))) end += 1;
  return end - from;
}
