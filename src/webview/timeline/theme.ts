import type { Palette } from './palette.ts';

/** What stands for a colour that the theme leaves out. */
const INSTEAD = { dark: '#cccccc', light: '#3b3b3b' } as const;

/** Reads the colours that VS Code gives to every webview (`--vscode-*`). */
export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const isLight =
    document.body.classList.contains('vscode-light') || document.body.classList.contains('vscode-high-contrast-light');
  const first = (...names: readonly string[]) => {
    for (const name of names) {
      const value = style.getPropertyValue(`--vscode-${name}`).trim();
      if (value !== '') return value;
    }
    return undefined;
  };
  const foreground = first('foreground', 'editor-foreground') ?? INSTEAD[isLight ? 'light' : 'dark'];
  return {
    background: first('editor-background') ?? (isLight ? '#ffffff' : '#1f1f1f'),
    foreground,
    muted: first('descriptionForeground') ?? foreground,
    line: first('contrastBorder', 'editorIndentGuide-background1', 'panel-border') ?? foreground,
    hand: first('charts-blue') ?? foreground,
    schedule: first('charts-green') ?? foreground,
    stateful: first('charts-purple') ?? foreground,
    pending: first('charts-yellow') ?? foreground,
    pinned: first('editorWarning-foreground', 'charts-orange') ?? foreground,
    overdue: first('editorError-foreground', 'charts-red', 'errorForeground') ?? foreground,
    mirrored: first('charts-foreground') ?? foreground,
    now: first('charts-red', 'focusBorder') ?? foreground,
    focus: first('contrastActiveBorder', 'focusBorder') ?? foreground,
    selected: first('list-inactiveSelectionBackground') ?? 'transparent',
    font: first('font-family') ?? 'sans-serif',
  };
}
