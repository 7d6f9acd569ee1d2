import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const root = new URL('../../', import.meta.url);

/** A document, read line by line with code apart. Paths are given from the root of the repository. */
export interface MarkdownFile {
  readonly path: string;
  /** Without what stands in code blocks. */
  readonly prose: string;
  readonly headings: readonly { readonly level: number; readonly text: string }[];
  /** Contents of code blocks, each with its language. */
  readonly blocks: readonly { readonly language: string; readonly text: string }[];
  /** Where its links and images lead to, as they are written. */
  readonly links: readonly string[];
}

/** Reads a document. */
export function readMarkdown(path: string): MarkdownFile {
  const text = readFileSync(new URL(path, root), 'utf8');
  const fence = /^( *)```(\S*)[^\n]*\n([\s\S]*?)^\1```$/gm;
  const blocks = [...text.matchAll(fence)].map(([, indent = '', language = '', block = '']) => ({
    language,
    text: block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  }));
  const prose = text.replaceAll(fence, '').replaceAll(/<!--[\s\S]*?-->/g, '');
  const headings = [...prose.matchAll(/^(#{1,6}) (.+)$/gm)].map(([, marks = '', heading = '']) => ({
    level: marks.length,
    text: heading.trim(),
  }));
  const plain = prose.replaceAll(/`[^`\n]*`/g, 'code');
  const links = [...plain.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return { path, prose, headings, blocks, links };
}

/** The anchors that GitHub gives the headings of a document. */
export function anchorsOf({ headings }: MarkdownFile): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    headings.map(({ text }) => {
      const words = text.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
      const slug = words.replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, '').replaceAll(' ', '-');
      const before = seen.get(slug) ?? 0;
      seen.set(slug, before + 1);
      return before === 0 ? slug : `${slug}-${before}`;
    }),
  );
}

/** All documents of the repository: those in its root and in docs. */
export function documents(): string[] {
  const inRoot = readdirSync(root).filter((name) => name.endsWith('.md'));
  const inDocs = readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' });
  return [...inRoot, ...inDocs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
}

/** What is wrong with the links of a document that lead into the repository: one line for each. */
export function brokenLinks(file: MarkdownFile): string[] {
  const own = fileURLToPath(new URL(file.path, root));
  return file.links.flatMap((link) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path = '', anchor] = decodeURI(link).split('#');
    const target = path === '' ? own : fileURLToPath(new URL(path, new URL(file.path, root)));
    if (!existsSync(target)) return [`${file.path}: ${link} leads nowhere`];
    if (anchor === undefined || !target.endsWith('.md')) return [];
    const there = readMarkdown(target.slice(fileURLToPath(root).length));
    return anchorsOf(there).has(anchor) ? [] : [`${file.path}: ${link} has no such heading`];
  });
}
