import { describe, expect, it } from 'vitest';
import { brokenLinks, documents, readMarkdown } from './markdown-file.js';

describe('documents', () => {
  it.each(documents())(
    '%s: every link into the repository leads to a file, and to a heading of it',
    (path) => {
      expect(brokenLinks(readMarkdown(path))).toEqual([]);
    },
  );

  it('are all found from README.md', () => {
    const reached = new Set(['README.md', 'README.zh-CN.md']);
    for (const path of reached) {
      for (const link of readMarkdown(path).links.filter((target) => !/^[a-z]+:/.test(target))) {
        const target = new URL(link, `file:///${path}`).pathname.slice(1);
        const found = documents().filter(
          (document) => document === target || document.startsWith(`${target}/`),
        );
        for (const document of found) reached.add(document);
      }
    }
    expect(documents().filter((path) => !reached.has(path))).toEqual([]);
  });

  it('a link to a missing file or heading is found', () => {
    const file = { path: 'docs/x.md', prose: '', headings: [], blocks: [] };
    const links = [
      'oracle.md',
      'oracle.md#connect',
      'gone.md',
      'oracle.md#gone',
      '../sql',
      'https://x.example/y',
    ];
    expect(brokenLinks({ ...file, links })).toEqual([
      'docs/x.md: gone.md leads nowhere',
      'docs/x.md: oracle.md#gone has no such heading',
    ]);
  });
});
