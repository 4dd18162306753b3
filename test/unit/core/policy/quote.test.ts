import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteForShell } from '../../../../src/core/policy/quote.ts';

/** What a real shell makes of a command line: the arguments that its program is given. */
function argumentsOf(shell: string, line: string): string[] {
  const out = execFileSync(shell, ['-c', `set -- ${line}\nprintf '%s\\0' "$@"`], { encoding: 'utf8' });
  return out.split('\0').slice(0, -1);
}

const argument = fc.oneof(
  fc.string({
    unit: fc.constantFrom("'", '"', '\\', '$', '`', '!', '\n', ' ', '*', '~', '=', '-', 'a', ';', '&', '#'),
  }),
  fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
);

describe('a command line for a POSIX shell', () => {
  it.each([
    [['incus', 'snapshot', 'delete', '--project', 'default', '--', 'local:c1', 's1']],
    [['incus', 'copy', '-c', 'snapshots.schedule=']],
  ])('is left alone where nothing needs quoting', (argv) => {
    expect(quoteForShell(argv, 'posix')).toBe(argv.join(' '));
  });

  it.each([
    ['', "''"],
    ['$(x)', "'$(x)'"],
    ["it's", `'it'\\''s'`],
    ['a\nb', "'a\nb'"],
    ['~', "'~'"],
    ['=ls', "'=ls'"],
    ['größe', "'größe'"],
  ])('quotes %j', (arg, quoted) => {
    expect(quoteForShell([arg], 'posix')).toBe(quoted);
  });

  it('gives /bin/sh back every argument as it was', () => {
    fc.assert(
      fc.property(fc.array(argument, { minLength: 1, maxLength: 4 }), (argv) => {
        expect(argumentsOf('/bin/sh', quoteForShell(argv, 'posix'))).toEqual(argv);
      }),
      { numRuns: 150 },
    );
  });
});

describe('a command line for PowerShell', () => {
  it.each([
    [['incus', 'start', '--project', 'default', '--', 'local:c1'], 'incus start --project default -- local:c1'],
    [['incus', ''], "incus ''"],
    [['incus', "it's", '\u2019'], "incus 'it''s' '\u2019\u2019'"],
    [['incus', '$x', '@y', 'a,b', '-a.b', 'a b', '%x'], "incus '$x' '@y' 'a,b' '-a.b' 'a b' '%x'"],
    [['C:\\Program Files\\incus.exe', 'list'], "& 'C:\\Program Files\\incus.exe' list"],
    [['C:\\incus.exe'], 'C:\\incus.exe'],
    [['incus', 'a\nb'], "incus 'a\nb'"],
    [[], ''],
  ])('of %j', (argv, line) => {
    expect(quoteForShell(argv, 'powershell')).toBe(line);
  });

  it('has no quote left open, whatever is in an argument', () => {
    fc.assert(
      fc.property(argument, (arg) => {
        const line = quoteForShell(['incus', arg], 'powershell').slice('incus '.length);
        const inner = line.startsWith("'") ? line.slice(1, -1) : line;
        expect(inner.replaceAll(/(['\u2018-\u201a\u201b])\1/g, '')).not.toMatch(/['\u2018-\u201b]/);
      }),
    );
  });
});
