/**
 * Command lines to be read, copied and pasted. The extension itself runs none: it has no shell.
 */

export type Shell = 'posix' | 'powershell';

/** What no POSIX shell (zsh's `=name` included) gives a meaning to. */
const PLAIN_POSIX = /^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/;

/**
 * What PowerShell passes on as it is. It would take `@x` for splatting and `1,2` for a list, and split `-a.b` in two.
 */
const PLAIN_POWERSHELL = /^(?:-{1,2}[A-Za-z0-9-]*|[A-Za-z_/][A-Za-z0-9_:./\\-]*|\d+)$/;

/** PowerShell ends a quoted text at any of these. */
const POWERSHELL_QUOTES = /['\u2018\u2019\u201a\u201b]/g;

/**
 * A program and its arguments as one command line for a shell, in which each argument stays one argument, whatever is
 * in it; a newline stands as it is, between quotes.
 *
 * `powershell` is PowerShell 7.3 and later: older ones drop empty arguments and inner double quotes when they call a
 * program. A NUL byte cannot be in an argument at all.
 */
export function quoteForShell(argv: readonly string[], shell: Shell): string {
  if (shell === 'posix') return argv.map(quotePosix).join(' ');
  const [program, ...rest] = argv.map(quotePowerShell);
  if (program === undefined) return '';
  // A quoted text alone is a value to PowerShell; `&` calls it.
  return [...(program.startsWith("'") ? ['&'] : []), program, ...rest].join(' ');
}

function quotePosix(arg: string): string {
  return PLAIN_POSIX.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`;
}

function quotePowerShell(arg: string): string {
  return PLAIN_POWERSHELL.test(arg) ? arg : `'${arg.replaceAll(POWERSHELL_QUOTES, '$&$&')}'`;
}
