import { isIP } from 'node:net';

/**
 * What stands for the client of an address where clients are counted: an IPv4 address, or the first 64 bits of an IPv6
 * one, because a single client has all the addresses behind those.
 */
export function clientNetwork(address: string): string {
  const plain = address.toLowerCase().replace(/%.*$/, '');
  const four = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(plain)?.[1];
  if (four !== undefined) return four;
  if (isIP(plain) !== 6) return plain;
  const [head = '', tail] = plain.split('::');
  const groups = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length);
  const all = [...groups, ...Array.from({ length: gap }, () => '0'), ...after];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
