import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { resultCodes } from '../../src/domain/result-codes.js';
import { codesPage, givenByUs } from './reference/codes-page.js';
import { counterexamplesPage } from './reference/counterexamples-page.js';
import { eventsPage } from './reference/events-page.js';
import { metricsPage } from './reference/metrics-page.js';
import { settingSections, settingsPage } from './reference/settings-page.js';
import { scaled } from '../support/time-factor.js';

const file = (name: string): string => `../../docs/reference/${name}.md`;

describe(
  'the reference is what the source says (npm run docs:reference writes it)',
  { timeout: scaled(60_000) },
  () => {
    it('settings.md: every setting, with what it is for', async () => {
      const sections = settingSections();
      for (const { path, purpose } of sections.flatMap(({ settings }) => settings))
        expect(purpose, path).not.toBe('');
      await expect(await settingsPage(sections)).toMatchFileSnapshot(file('settings'));
    });

    it('events.md: every event with its log line', async () => {
      await expect(await eventsPage()).toMatchFileSnapshot(file('events'));
    });

    it('metrics.md: every metric of ours', async () => {
      await expect(await metricsPage()).toMatchFileSnapshot(file('metrics'));
    });

    it('codes.md: every code of both tables', async () => {
      await expect(await codesPage()).toMatchFileSnapshot(file('codes'));
    });

    it('counterexamples.md: every ablation of the protocol model', async () => {
      await expect(await counterexamplesPage()).toMatchFileSnapshot(file('counterexamples'));
    });

    it('codes.md says of just those codes that bnet-sync gives them which it does give', () => {
      const given = ['domain', 'worker'].flatMap((folder) => codesIn(`../../src/${folder}/`));
      expect([...new Set(given)].sort()).toEqual(Object.keys(givenByUs).sort());
      expect(resultCodes('CUST').map(({ code }) => code)).toEqual(
        expect.arrayContaining(Object.keys(givenByUs)),
      );
    });
  },
);

/** The result codes that stand as texts in the code of a folder. */
function codesIn(folder: string): string[] {
  const path = fileURLToPath(new URL(folder, import.meta.url));
  const files = readdirSync(path).filter((name) => name !== 'result-codes.ts');
  return files.flatMap((name) =>
    [...readFileSync(`${path}${name}`, 'utf8').matchAll(/'(00\d{3})'/g)].map(([, code]) => code ?? ''),
  );
}
