import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { oneLine } from './markdown.js';

/*
 * What the source says of itself: doc comments and types, read by the TypeScript compiler, so that the reference has
 * the very words that stand above the code.
 */

/** Source files with what the compiler knows of them. */
export interface Sources {
  readonly checker: ts.TypeChecker;
  file(path: string): ts.SourceFile;
}

/** Reads source files, given from the root of the repository, and what they import. */
export function readSources(...paths: readonly string[]): Sources {
  const absolute = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
  };
  const program = ts.createProgram(paths.map(absolute), options);
  return {
    checker: program.getTypeChecker(),
    file: (path) => {
      const file = program.getSourceFile(absolute(path));
      if (file === undefined) throw new Error(`there is no ${path}`);
      return file;
    },
  };
}

/** The doc comment above a node, as one line; empty where there is none. */
export function commentOf(node: ts.Node): string {
  const [last] = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).slice(-1);
  return oneLine(ts.getTextOfJSDocComment(last?.comment) ?? '');
}

/** The value of a constant of a file. */
export function constant(file: ts.SourceFile, name: string): ts.Expression {
  for (const statement of file.statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const named = statement.declarationList.declarations.find((one) => one.name.getText() === name);
    if (named?.initializer !== undefined) return named.initializer;
  }
  throw new Error(`${file.fileName} has no constant ${name}`);
}
