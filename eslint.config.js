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

export default defineConfig(
  { ignores: ['dist/', 'coverage/', '.demo/'] },
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
