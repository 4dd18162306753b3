import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

const noFocusOrSkip = ['only', 'skip', 'todo'].map((property) => ({
  selector: `CallExpression[callee.property.name='${property}']`,
  message: 'A test is run or removed, not passed over.',
}));

export default defineConfig(
  globalIgnores(['dist/', 'node_modules/', 'test/ui/output/']),
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      // Numbers in texts are what templates are for.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // noPropertyAccessFromIndexSignature of TypeScript wants the brackets that this rule takes away.
      '@typescript-eslint/dot-notation': 'off',
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }],
      eqeqeq: 'error',
    },
  },
  {
    // Plain JavaScript: it has to run before anything is installed, or inside VS Code as it is.
    files: ['**/*.{mjs,cjs}'],
    extends: [tseslint.configs.disableTypeChecked],
    rules: {
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/no-empty-function': 'off',
    },
  },
  {
    files: ['src/core/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'vscode', message: 'The core is plain Node.' },
            { name: 'execa', message: 'Only incus/runner.ts starts processes.' },
            { name: 'node:child_process', message: 'Only incus/runner.ts starts processes.' },
            { name: 'child_process', message: 'Only incus/runner.ts starts processes.' },
          ],
          patterns: [{ group: ['**/vscode/*'], message: 'Dependencies point from vscode/ to core/, never back.' }],
        },
      ],
    },
  },
  {
    files: ['src/core/policy/**', 'src/core/model.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['**/incus/*', '**/actions/*', '**/inventory/*', 'vscode', 'execa', 'node:*'] }] },
      ],
    },
  },
  {
    files: ['src/core/incus/runner.ts'],
    rules: { 'no-restricted-imports': ['error', { paths: ['vscode', 'node:child_process'] }] },
  },
  {
    files: ['src/vscode/**', 'src/extension.ts'],
    rules: {
      'no-restricted-imports': ['error', { paths: ['execa', 'node:child_process', 'child_process'] }],
    },
  },
  {
    files: ['src/webview/**', 'src/protocol/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: ['vscode', 'execa'],
          patterns: [
            { group: ['**/core/**', '**/vscode/**', 'node:*'], message: 'A webview knows the protocol only.' },
          ],
        },
      ],
    },
  },
  {
    files: ['src/**'],
    ignores: ['src/vscode/commands/registration.ts', 'src/vscode/contextKeys.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.property.name='registerCommand']",
          message: 'Commands are registered in vscode/commands/registration.ts.',
        },
        {
          selector: "CallExpression[callee.property.name='executeCommand'][arguments.0.value='setContext']",
          message: 'Context keys are set in vscode/contextKeys.ts.',
        },
      ],
    },
  },
  {
    files: ['test/**'],
    rules: {
      'no-restricted-syntax': ['error', ...noFocusOrSkip],
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
);
