import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { configureCommand, createProgram } from '../../src/cli/program.js';
import { settings } from '../../src/config/settings.js';
import { documents, readMarkdown, root, type MarkdownFile } from './markdown-file.js';

/* What documents tell people to type and to set, held to the program. Decision records and changes tell of the past. */

const current = documents().filter((path) => !/^(docs\/decisions\/|CHANGELOG)/.test(path));

describe.each(current)('%s', (path) => {
  const file = readMarkdown(path);

  it('tells to type only commands and options that exist', async () => {
    expect(await mistakesOf(typed(file))).toEqual([]);
  });

  it('tells to run only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      scripts: Record<string, string>;
    };
    const code = [...file.blocks.map(({ text }) => text), ...inlineCode(file)].join('\n');
    const named = [...code.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it('names only settings that exist', () => {
    const named = inlineCode(file).flatMap((code) => {
      const [setting] = /^(middle|store|worker|rules|log|http)\.(?!on\b)[A-Za-z.]+(?=$|:)/.exec(code) ?? [];
      return setting === undefined ? [] : [setting];
    });
    const known = settings.map(({ path: keys }) => keys.join('.'));
    const exists = (name: string): boolean =>
      known.some((setting) => setting === name || setting.startsWith(`${name}.`)) ||
      /^(middle|store)\.connection\./.test(name);
    expect(named.filter((name) => !exists(name))).toEqual([]);
  });
});

it('a command or an option that does not exist is found', async () => {
  expect(
    await mistakesOf(['bnet-sync failed --code 00402 | head', 'bnet-sync journal purge --older-than 400d']),
  ).toEqual([]);
  expect(
    await mistakesOf(['bnet-sync fail', 'bnet-sync failed --colour red', 'bnet-sync journal purify']),
  ).toEqual([
    'bnet-sync fail: there is no command fail',
    'bnet-sync failed --colour red: there is no option --colour',
    'bnet-sync journal purify: there is no command purify',
  ]);
});

function inlineCode({ prose }: MarkdownFile): string[] {
  return [...prose.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code.replaceAll(/\s+/g, ' '));
}

/** Every call of the program in shell blocks and in inline code, one line each. */
function typed(file: MarkdownFile): string[] {
  const shell = file.blocks.filter(({ language }) => language === 'sh').map(({ text }) => text);
  const lines = shell.flatMap((text) => text.replaceAll(/\\\n\s*/g, ' ').split('\n'));
  return [...lines, ...inlineCode(file)]
    .map((line) =>
      line
        .trim()
        .replace(/^npx (?=bnet-sync )/, '')
        .replace(/^node dist\/cli\/main\.js/, 'bnet-sync'),
    )
    .filter((line) => /^bnet-sync [a-z]/.test(line));
}

/** What does not exist of what lines call. */
async function mistakesOf(lines: readonly string[]): Promise<string[]> {
  const program = createProgram();
  for (const command of program.commands) await configureCommand(command);
  return lines.flatMap((line) => mistakes(program, line));
}

function mistakes(program: Command, line: string): string[] {
  const words = line
    .replace(/ [|#;&].*$/, '')
    .split(/\s+/)
    .slice(1);
  let command = program;
  while (command.commands.length > 0) {
    const name = words.shift() ?? '';
    const next = command.commands.find((one) => one.name() === name);
    if (next === undefined) return [`${line}: there is no command ${name}`];
    command = next;
  }
  const options = [...command.options, ...program.options].flatMap(({ long, short }) => [long, short]);
  return words
    .filter((word) => /^--?[a-z]/.test(word))
    .map((word) => word.replace(/=.*/, ''))
    .filter((word) => !options.includes(word) && word !== '--help')
    .map((word) => `${line}: there is no option ${word}`);
}
