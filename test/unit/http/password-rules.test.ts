import { describe, expect, it } from 'vitest';
import { passwordIssue } from '../../../src/http/password-rules.js';

describe('a password', () => {
  it.each(['', 'elevenchars', 'kü#9vLq2', 'x'.repeat(1025)])(
    'of the wrong length is refused: %j',
    (password) => {
      expect(passwordIssue(password)).toBe('a password has 12 to 1024 characters');
    },
  );

  it.each([
    'password        ',
    'Password2026!!',
    'P@ssw0rd2026!',
    'administrator1',
    'qwertyuiop12',
    'poiuytrewq99',
    '123456789012',
    'aaaaaaaaaaaa',
    'abcabcabcabc',
    'abcdefghijkl',
    '1qaz2wsx3edc',
    'bnet-sync-2026',
    'bnetsyncadmin',
    'ChinaTelecom1',
    '密码密码密码密码密码密码',
    'woaini520131',
  ])('that is tried first is refused: %s', (password) => {
    expect(passwordIssue(password)).toContain('common words');
  });

  it.each([
    'correct horse 1',
    'right password',
    'correct horse battery staple',
    'kü#9vLq2%tRw',
    'lU7_kq-Xw2Zb',
    '春眠不觉晓处处闻啼鸟夜来',
  ])('that is not easily guessed may be used: %s', (password) => {
    expect(passwordIssue(password)).toBeNull();
  });
});
