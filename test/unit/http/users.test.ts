import { beforeEach, describe, expect, it } from 'vitest';
import { BusyError, TooManyRequestsError } from '../../../src/http/errors.js';
import { Users } from '../../../src/http/users.js';
import { password, users as configured } from '../../support/http-app.js';

const minute = 60_000;
const home = '192.0.2.1';

describe('a login', () => {
  let now: number;
  let users: Users;
  beforeEach(() => {
    now = 1_000_000;
    users = new Users(
      configured,
      () => now,
      async (tried) => tried === password,
    );
  });
  const wrong = async (times: number, name: string, address: string) => {
    for (let n = 0; n < times; n += 1)
      expect(await users.authenticate({ name, password: `wrong ${n}`, address })).toBeNull();
  };
  const right = async (name: string, address: string) =>
    (await users.authenticate({ name, password, address }))?.user;

  it('is not refused for wrong passwords that come from elsewhere, however many', async () => {
    for (let n = 0; n < 12; n += 1) await wrong(10, 'ops', `198.51.100.${n}`);
    expect(await right('ops', home)).toMatchObject({ name: 'ops' });
  });

  it('is refused without a look at the password after ten wrong ones of the name from the address, for the minute', async () => {
    await wrong(10, 'ops', home);
    await expect(right('ops', home)).rejects.toThrow(TooManyRequestsError);
    await expect(right('ops', home)).rejects.toMatchObject({ status: 429, retryAfterSeconds: 60 });
    expect(await right('eye', home)).toMatchObject({ name: 'eye' });
    now += minute;
    expect(await right('ops', home)).toMatchObject({ name: 'ops' });
  });

  it('from an address that the name has logged in from passes, whatever else that address has tried', async () => {
    await right('ops', home);
    now += 2 * minute;
    await wrong(15, 'ops', home);
    await wrong(10, 'eye', home);
    await wrong(10, 'nobody', home);
    expect(await right('ops', home)).toMatchObject({ name: 'ops' });
    await expect(right('eye', home)).rejects.toThrow(TooManyRequestsError);
  });

  it('is refused after twenty wrong ones of any names from the address', async () => {
    await wrong(10, 'a', home);
    await wrong(10, 'b', home);
    await expect(right('ops', home)).rejects.toThrow(TooManyRequestsError);
  });

  it('counts a client with many IPv6 addresses as one, and IPv4 in IPv6 as IPv4', async () => {
    for (let n = 0; n < 10; n += 1) await wrong(1, 'ops', `2001:db8:0:7::${n}`);
    await expect(right('ops', '2001:db8::7:1:2:3:4')).rejects.toThrow(TooManyRequestsError);
    expect(await right('ops', '2001:db8:0:8::1')).toMatchObject({ name: 'ops' });
    await wrong(10, 'eye', home);
    await expect(right('eye', `::ffff:${home}`)).rejects.toThrow(TooManyRequestsError);
  });

  it('cannot be tried oftener by trying all at once', async () => {
    const tries = Array.from({ length: 50 }, (_, n) =>
      users.authenticate({ name: 'ops', password: `wrong ${n}`, address: home }),
    );
    const results = await Promise.allSettled(tries);
    const checked = results.filter(({ status }) => status === 'fulfilled').length;
    expect(checked).toBeLessThanOrEqual(10);
    for (const result of results)
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(BusyError);
  });

  it('that is right takes nothing from the limit', async () => {
    await wrong(9, 'ops', home);
    await right('ops', home);
    now += minute;
    for (let n = 0; n < 30; n += 1) {
      now += 2 * minute;
      expect(await right('ops', home)).toMatchObject({ name: 'ops' });
    }
  });

  it('is the first one from an address once, also where many come together', async () => {
    const logIn = async (address: string) =>
      (await users.authenticate({ name: 'ops', password, address }))?.isFirst;
    expect(await Promise.all([logIn(home), logIn(home), logIn(home)])).toEqual([true, false, false]);
    expect([await logIn('192.0.2.9'), await logIn('192.0.2.9')]).toEqual([true, false]);
    now += 2 * minute;
    expect(await logIn(home)).toBe(false);
  });
});
