import { readFile } from 'node:fs/promises';

/** A statement of a file in `sql/`, with the comment above it. */
export interface FiledStatement {
  readonly comment: string;
  readonly sql: string;
}

/** The statements of a file, such as `postgresql/queries.sql`, in order. */
export async function statementsIn(file: string): Promise<FiledStatement[]> {
  const text = await readFile(new URL(`../../sql/${file}`, import.meta.url), 'utf8');
  return text
    .split(/;[ \t]*$/m)
    .map((part) => {
      const lines = part.trim().split('\n');
      const isComment = (line: string) => line.startsWith('--');
      return {
        comment: lines.filter(isComment).join('\n'),
        sql: lines
          .filter((line) => !isComment(line))
          .join('\n')
          .trim(),
      };
    })
    .filter(({ sql }) => sql !== '');
}
