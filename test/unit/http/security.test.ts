import { beforeEach, describe, expect, it } from 'vitest';
import { Security } from '../../../src/http/security.js';
import type { CountedSecurityEvent, SecurityEvent } from '../../../src/http/security-events.js';

const refused: SecurityEvent = {
  kind: 'loginRefused',
  name: 'ops',
  address: '192.0.2.1',
  via: 'console',
  result: 'password',
  detail: '',
};
const login: SecurityEvent = { ...refused, kind: 'login', result: 'ok' };

describe('security events', () => {
  let log: CountedSecurityEvent[];
  let audit: CountedSecurityEvent[];
  let counted: string[];
  let security: Security;
  beforeEach(() => {
    [log, audit, counted] = [[], [], []];
    security = new Security({
      count: (kind) => counted.push(kind),
      log: (event) => log.push(event),
      record: async (event) => {
        audit.push(event);
      },
    });
  });

  it('of people who are logged in are logged and recorded at once, each time', () => {
    security.report(login);
    security.report(login);
    expect(log).toEqual([login, login].map((event) => ({ ...event, times: 1 })));
    expect(audit).toEqual(log);
    expect(counted).toEqual(['login', 'login']);
  });

  it('that strangers cause are counted by name, address and result: one record of each a minute', async () => {
    for (let n = 0; n < 500; n += 1) security.report(refused);
    security.report({ ...refused, address: '192.0.2.2' });
    security.report({ ...refused, name: 'eye' });
    security.report({ ...refused, result: 'limit' });
    expect(counted).toHaveLength(503);
    expect([log.length, audit.length]).toEqual([4, 0]);
    await security.endMinute();
    expect(audit.map(({ name, address, result, times }) => [name, address, result, times])).toEqual([
      ['ops', '192.0.2.1', 'password', 500],
      ['ops', '192.0.2.2', 'password', 1],
      ['eye', '192.0.2.1', 'password', 1],
      ['ops', '192.0.2.1', 'limit', 1],
    ]);
    expect(log.slice(4)).toEqual([{ ...refused, times: 500 }]);
    security.report(refused);
    await security.endMinute();
    expect(audit.at(-1)).toEqual({ ...refused, times: 1 });
  });

  it('of made-up names and addresses fill neither log nor table, and are all counted', async () => {
    for (let n = 0; n < 5000; n += 1)
      security.report({ ...refused, name: `name ${n}`, address: `198.51.100.${n % 250}`, detail: `${n}` });
    for (let n = 0; n < 100; n += 1)
      security.report({
        ...refused,
        kind: 'wrongHost',
        result: 'wrongHost',
        name: '',
        detail: `${n}.example`,
      });
    await security.endMinute();
    expect(audit.length).toBeLessThanOrEqual(12);
    expect(log.length).toBeLessThanOrEqual(12);
    expect(audit.reduce((sum, { times }) => sum + times, 0)).toBe(5100);
    expect(audit.slice(-2)).toMatchObject([
      { kind: 'loginRefused', name: '', address: 'others', detail: '', times: 4990 },
      { kind: 'wrongHost', address: 'others', times: 100 },
    ]);
    expect(counted).toHaveLength(5100);
  });

  it('carry no control characters of strangers, and are cut', async () => {
    const name = `a\u0000\u001b]0;x\u0007\n\u202e${'é'.repeat(100)}`;
    security.report({ ...refused, name, detail: '\ud800'.padEnd(400, 'd') });
    await security.endMinute();
    expect(audit[0]?.name).toBe(`a\uFFFD\uFFFD]0;x\uFFFD\uFFFD\uFFFD${'é'.repeat(54)}`);
    expect(audit[0]?.detail).toBe('\uFFFD'.padEnd(300, 'd'));
  });

  it('end their minute when their records are written', async () => {
    const written: (() => void)[] = [];
    const slow = new Security({
      count: () => undefined,
      log: () => undefined,
      record: () => new Promise((resolve) => written.push(resolve)),
    });
    slow.report(login);
    slow.report(refused);
    let hasEnded = false;
    const ending = slow.endMinute().then(() => (hasEnded = true));
    for (const write of written) {
      expect(hasEnded).toBe(false);
      write();
      await new Promise(setImmediate);
    }
    await ending;
    expect(written).toHaveLength(2);
  });
});
