import { readFileSync } from 'node:fs';
import eslint from '@eslint/js';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const size = { skipBlankLines: true, skipComments: true };

// One concept has one word (docs/glossary.md). The list is shared with test/documents/words.test.ts, which keeps them out
// of texts. `*` stands for any ending, `^…$` for the whole identifier.
const retired = JSON.parse(readFileSync(`${import.meta.dirname}/test/documents/retired-words.json`, 'utf8'));
const retiredIdentifiers = Object.entries(retired.identifiers).map(([word, instead]) => ({
  selector: `:matches(Identifier, PrivateIdentifier, JSXIdentifier)[name=/${retiredPattern(word)}/]`,
  message: `A word that was given up. Write: ${instead}.`,
}));

const namedExports = ['ExportDefaultDeclaration', 'TSExportAssignment'].map((selector) => ({
  selector,
  message: 'Use a named export.',
}));

/** Finds a word in camel case: `desk*` in `withDesk` and `deskOf`, not in `helpdesk`. */
function retiredPattern(word) {
  if (word.startsWith('^')) return `^[${word[1]}${word[1].toUpperCase()}]${word.slice(2)}`;
  const [first, rest] = [word[0], word.slice(1).replace('*', '')];
  const end = word.endsWith('*') ? '' : '(?![a-z])';
  return `(^|[_$])${first}${rest}${end}|${first.toUpperCase()}${rest}${end}`;
}

/** The folders and files that hold SQL: the adapters of the ports. Everything else calls a port. */
const adapters = [
  'src/database/**',
  'src/middle/knex/**',
  'src/middle/oracle/**',
  'src/middle/shared-sql.ts',
  'src/store/knex/**',
  // The staging database of `verify`.
  'src/staging/**',
  // The simulated platform: it inserts and edits rows, which no port of the product does.
  'src/demo/platform/knex/**',
];

const statement =
  /^\s*(SELECT\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s|DELETE\s+FROM\s|MERGE\s+INTO\s|CREATE\s+(TABLE|(UNIQUE\s+)?INDEX)\b|ALTER\s+TABLE\s|WITH\s+\w+\s+AS\b)/;

/** Reports statements, and calls that run one. With `printed`, statements may stand there as texts. */
const sqlInAdapters = {
  meta: {
    schema: [{ type: 'object', properties: { printed: { type: 'boolean' } }, additionalProperties: false }],
    messages: {
      statement: 'SQL belongs into an adapter (CONTRIBUTING.md): call a port, or give the adapter a method.',
    },
  },
  create(context) {
    const report = (node) => context.report({ node, messageId: 'statement' });
    const calls = {
      'CallExpression[callee.property.name="raw"]': report,
      'CallExpression[callee.property.name="execute"] > ObjectExpression > Property[key.name="sql"]': report,
    };
    if (context.options[0]?.printed === true) return calls;
    return {
      ...calls,
      Literal: (node) => typeof node.value === 'string' && statement.test(node.value) && report(node),
      TemplateElement: (node) => statement.test(node.value.cooked ?? '') && report(node),
    };
  },
};

export default defineConfig(
  { ignores: ['dist/', 'coverage/', '.demo/', 'reports/'] },
  eslint.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: 'error',
      'max-lines': ['error', { max: 300, ...size }],
      'max-params': ['error', 4],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-explicit-any': 'error',
      // Values of a driver are unknown, and text, numbers or null.
      '@typescript-eslint/no-base-to-string': 'off',
      // A type parameter used once still ties a listener to its event.
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      // Texts are cut between characters, not between what a reader would call letters.
      '@typescript-eslint/no-misused-spread': 'off',
      // A handler may return nothing.
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // An adapter over a synchronous driver keeps the asynchronous port.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: false, requireDefaultForNonUnion: true },
      ],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    rules: {
      'max-lines-per-function': ['error', { max: 60, ...size }],
      'no-restricted-syntax': ['error', ...namedExports, ...retiredIdentifiers],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    ignores: adapters,
    plugins: { 'bnet-sync': { rules: { 'sql-in-adapters': sqlInAdapters } } },
    rules: { 'bnet-sync/sql-in-adapters': 'error' },
  },
  {
    // `doctor` prints statements for a DBA to run (CREATE INDEX, GRANT, who holds a lock); it has no connection of its own.
    files: ['src/operator/doctor/**'],
    rules: { 'bnet-sync/sql-in-adapters': ['error', { printed: true }] },
  },
  { files: ['test/**/*.{ts,tsx}'], rules: { 'no-restricted-syntax': ['error', ...retiredIdentifiers] } },
  {
    files: Object.keys(retired.exceptions).map((path) => (path.endsWith('/') ? `${path}**` : path)),
    rules: { 'no-restricted-syntax': ['error', ...namedExports] },
  },
  { files: ['src/**/*.{ts,tsx}'], ignores: ['src/cli/**'], rules: { 'no-console': 'error' } },
  {
    // The domain is pure: time, randomness and the environment are passed in.
    files: ['src/domain/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'fetch'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now' },
        { object: 'Math', property: 'random' },
      ],
    },
  },
  {
    files: ['test/**/*.{ts,tsx}'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  { files: ['**/*.{js,cjs}'], extends: [tseslint.configs.disableTypeChecked] },
  {
    // The console's script runs in a browser.
    files: ['src/console/assets/*.js'],
    languageOptions: {
      globals: { document: 'readonly', window: 'readonly', DOMParser: 'readonly', fetch: 'readonly' },
    },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs', globals: { module: 'writable' } } },
);
