/* Oracle's NUMBER and DATE on the wire, from and to text: no value passes through a JavaScript number. */

const ZERO = 0x80;
const NEGATIVE_END = 102;
/** NUMBER keeps twenty digits to the base 100. */
const MOST_PAIRS = 20;

/** Encodes a decimal number as text, `-123.45` or `1e5`. */
export function encodeNumber(text: string): Buffer {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text.trim());
  if (parts === null) throw new Error(`Not a number: ${text}`);
  const whole = parts[2] ?? '';
  const digits = whole + (parts[3] ?? '');
  const significant = digits.replace(/^0+/, '');
  // The value is 0.significant * 10^point, and point becomes even: the base is 100.
  const point = whole.length + Number(parts[4] ?? 0) - (digits.length - significant.length);
  const aligned = (point % 2 === 0 ? '' : '0') + significant.replace(/0+$/, '');
  if (/^0*$/.test(aligned)) return Buffer.of(ZERO);
  const pairs = (aligned.match(/\d\d?/g) ?? [])
    .map((pair) => Number(pair.padEnd(2, '0')))
    .slice(0, MOST_PAIRS);
  const exponent = 0xc0 + Math.ceil(point / 2);
  if (parts[1] !== '-') return Buffer.from([exponent, ...pairs.map((pair) => pair + 1)]);
  const end = pairs.length < MOST_PAIRS ? [NEGATIVE_END] : [];
  return Buffer.from([exponent ^ 0xff, ...pairs.map((pair) => 101 - pair), ...end]);
}

/** Decodes a NUMBER to plain decimal text, without an exponent. */
export function decodeNumber(bytes: Buffer): string {
  const first = bytes[0] ?? ZERO;
  if (bytes.length === 1 && first === ZERO) return '0';
  const positive = (first & 0x80) !== 0;
  const point = ((positive ? first : first ^ 0xff) - 0xc0) * 2;
  const body = [...bytes.subarray(1)];
  if (!positive && body.at(-1) === NEGATIVE_END) body.pop();
  const digits = body.map((byte) => String(positive ? byte - 1 : 101 - byte).padStart(2, '0')).join('');
  const padded = '0'.repeat(Math.max(0, -point)) + digits + '0'.repeat(Math.max(0, point - digits.length));
  const whole = padded.slice(0, Math.max(0, point)).replace(/^0+/, '') || '0';
  const fraction = padded.slice(Math.max(0, point)).replace(/0+$/, '');
  return `${positive ? '' : '-'}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Encodes `YYYY-MM-DD HH:MM:SS`, with ` BC` behind it for years before 1, as DATE; a fraction of a second is dropped. */
export function encodeDate(text: string): Buffer {
  const parts = /^(\d{4})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):(\d\d)[.\d]*)?( BC)?$/.exec(text);
  if (parts === null) throw new Error(`Not a date: ${text}`);
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part || 0));
  const sign = parts[7] === undefined ? 1 : -1;
  return Buffer.from([
    100 + sign * Math.trunc(year! / 100),
    100 + sign * (year! % 100),
    month!,
    day!,
    (hour ?? 0) + 1,
    (minute ?? 0) + 1,
    (second ?? 0) + 1,
  ]);
}

/** Decodes DATE or TIMESTAMP to `YYYY-MM-DD HH:MM:SS`, with six digits of a fraction where it has one. */
export function decodeDate(bytes: Buffer): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const [century, year, month, day, hour, minute, second] = bytes;
  const isBefore = century! < 100 || year! < 100;
  const date = `${two(Math.abs(century! - 100))}${two(Math.abs(year! - 100))}-${two(month!)}-${two(day!)}`;
  const time = `${two(hour! - 1)}:${two(minute! - 1)}:${two(second! - 1)}`;
  const nanoseconds = bytes.length >= 11 ? bytes.readUInt32BE(7) : 0;
  const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').slice(0, 6)}`;
  return `${date} ${time}${fraction}${isBefore ? ' BC' : ''}`;
}
