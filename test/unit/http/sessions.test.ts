import { beforeEach, describe, expect, it } from 'vitest';
import { bringsToken, Sessions } from '../../../src/http/sessions.js';

const minute = 60_000;
const ops = { name: 'ops', role: 'operator' } as const;

describe('a session', () => {
  let now: number;
  let sessions: Sessions;
  beforeEach(() => {
    now = 1_000_000;
    sessions = new Sessions(() => now);
  });

  it('is known by its number alone, until it is closed', () => {
    const number = sessions.open(ops);
    expect(sessions.use(number)?.user).toEqual(ops);
    expect(sessions.use(`${number}x`)).toBeNull();
    expect(sessions.use('')).toBeNull();
    sessions.close(number);
    expect(sessions.use(number)).toBeNull();
  });

  it('ends half an hour after it was used last', () => {
    const number = sessions.open(ops);
    now += 29 * minute;
    expect(sessions.use(number)).not.toBeNull();
    now += 29 * minute;
    expect(sessions.use(number)).not.toBeNull();
    now += 30 * minute;
    expect(sessions.use(number)).toBeNull();
  });

  it('is not kept alive by being looked at', () => {
    const number = sessions.open(ops);
    now += 29 * minute;
    expect(sessions.look(number)?.user).toEqual(ops);
    now += minute;
    expect(sessions.look(number)).toBeNull();
    expect(sessions.use(number)).toBeNull();
  });

  it('ends twelve hours after the login, however much it is used', () => {
    const number = sessions.open(ops);
    for (let past = 0; past < 12 * 60 - 20; past += 20) {
      now += 20 * minute;
      expect(sessions.use(number)).not.toBeNull();
    }
    now += 20 * minute;
    expect(sessions.use(number)).toBeNull();
  });

  it('has a CSRF token of its own', () => {
    const [one, other] = [sessions.open(ops), sessions.open(ops)].map((number) => sessions.use(number)!);
    expect(bringsToken(one!, one!.csrfToken)).toBe(true);
    for (const brought of [other!.csrfToken, '', undefined, null, [one!.csrfToken], `${one!.csrfToken} `])
      expect(bringsToken(one!, brought)).toBe(false);
  });

  it('is pushed out by a thousand newer ones, the least used first', () => {
    const first = sessions.open(ops);
    const second = sessions.open(ops);
    sessions.use(first);
    for (let n = 0; n < 999; n += 1) sessions.open(ops);
    expect(sessions.use(first)).not.toBeNull();
    expect(sessions.use(second)).toBeNull();
  });
});
