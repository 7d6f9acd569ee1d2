import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readMarkdown, root, type MarkdownFile } from './markdown-file.js';

const english = readMarkdown('README.md');
const chinese = readMarkdown('README.zh-CN.md');

describe('README.md and README.zh-CN.md are in step', () => {
  it('have the same headings, level by level', () => {
    expect(levels(chinese)).toEqual(levels(english));
  });

  it('have the same code blocks', () => {
    expect(chinese.blocks).toEqual(english.blocks);
  });

  it('lead to the same places, in the same order, and to each other', () => {
    const others = ({ links }: MarkdownFile): string[] => links.filter((link) => !link.startsWith('README'));
    expect(others(chinese)).toEqual(others(english));
    expect(english.links).toContain('README.zh-CN.md');
    expect(chinese.links).toContain('README.md');
  });

  it('have lists and tables of the same length, with the same words to type', () => {
    const marked = ({ prose }: MarkdownFile): number[] =>
      sections(prose).map((section) => section.match(/^( *-|\d+\.|\|)(?= )/gm)?.length ?? 0);
    expect(marked(chinese)).toEqual(marked(english));
    const commands = ({ prose }: MarkdownFile): string[] =>
      [...prose.matchAll(/^\| (`[^|]*`)/gm)].map(([, words = '']) => words.trim());
    expect(commands(chinese)).toEqual(commands(english));
  });

  it.each(['README.md', 'README.zh-CN.md'])('%s has less than 200 lines', (path) => {
    expect(readFileSync(new URL(path, root), 'utf8').split('\n').length).toBeLessThan(200);
  });
});

function levels({ headings }: MarkdownFile): number[] {
  return headings.map(({ level }) => level);
}

function sections(prose: string): string[] {
  return prose.split(/^(?=#+ )/m);
}
