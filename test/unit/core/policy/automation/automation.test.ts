import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemRefusalOf } from '../../../../../src/core/policy/guard/allowedSystem.ts';
import {
  type Automation,
  type MirrorAutomation,
  type PruneAutomation,
  automationFiles,
  automationName,
  cronLine,
  isWhen,
  readAutomation,
  withCronLine,
  withoutCronLine,
} from '../../../../../src/core/policy/automation/automation.ts';

const automation: MirrorAutomation = {
  does: 'mirror',
  kind: 'user',
  pair: { from: 'local', to: 'incus-snapshot', mode: 'pull' },
  fingerprint: 'f'.repeat(64),
  instances: [{ project: 'default', instance: 'c1' }],
  when: '*-*-* 02:07:00',
  mayDelete: false,
};
const places = {
  scripts: '/home/me/.local/share/incus-snapshots',
  units: '/home/me/.config/systemd/user',
  user: 'me',
  program: '/usr/bin/incus',
  env: { INCUS_CONF: '/home/me/my conf' },
};
const odd = fc.oneof(
  fc.string({ minLength: 1, unit: 'binary' }),
  fc.constantFrom("it's", '$(id)', 'a\nb', '%h', '"', '`x`'),
);
const anyMirror: fc.Arbitrary<MirrorAutomation> = fc.record({
  does: fc.constant('mirror' as const),
  kind: fc.constantFrom('user' as const, 'system' as const, 'cron' as const),
  pair: fc.record(
    {
      from: odd,
      to: odd,
      mode: fc.constantFrom('pull' as const, 'relay' as const),
      targetProject: odd,
      targetPool: odd,
    },
    { requiredKeys: ['from', 'to', 'mode'] },
  ),
  fingerprint: fc.constant('f'.repeat(64)),
  instances: fc.array(fc.record({ project: odd, instance: odd }), { maxLength: 3 }),
  when: fc.constant('7 * * * *'),
  mayDelete: fc.boolean(),
});
const anyPruning: fc.Arbitrary<PruneAutomation> = fc.record({
  does: fc.constant('prune' as const),
  kind: fc.constantFrom('user' as const, 'system' as const, 'cron' as const),
  remote: odd,
  zone: fc.constantFrom('UTC', 'Europe/Berlin'),
  fingerprint: fc.constant('f'.repeat(64)),
  instances: fc.array(fc.record({ project: odd, instance: odd }), { maxLength: 3 }),
  when: fc.constant('7 * * * *'),
});
const any: fc.Arbitrary<Automation> = fc.oneof(anyMirror, anyPruning);
const pruning: PruneAutomation = {
  ...{ does: 'prune', kind: 'user', remote: 'local', zone: 'Europe/Berlin', fingerprint: 'f'.repeat(64) },
  instances: [{ project: 'default', instance: 'c1' }],
  when: 'hourly',
};
const scriptOf = (of: Automation) => automationFiles(of, places)[0]?.text ?? '';

/** What a POSIX shell makes of a script that only says the words of its calls. */
function wordsOf(script: string): string[] {
  const calls = script.slice(script.lastIndexOf('\n}\n') + 3, script.lastIndexOf('\nlog '));
  const text = `attempt() { for word in "$@"; do printf '%s\\036' "$word"; done; printf '\\035'; }\n${calls}`;
  const said = execFileSync('/bin/sh', ['-c', text], { encoding: 'utf8' });
  return said.split('\u001d').slice(0, -1);
}

describe('the script', () => {
  it('says of itself what it is, so that it is found again', () => {
    expect(readAutomation(scriptOf(automation))).toEqual(automation);
    expect(readAutomation(scriptOf(pruning))).toEqual(pruning);
    fc.assert(
      fc.property(any, (one) => {
        expect(readAutomation(scriptOf(one))).toEqual(JSON.parse(JSON.stringify(one)));
      }),
    );
    expect(readAutomation('#!/bin/sh\necho hello\n')).toBeUndefined();
    expect(readAutomation('#!/bin/sh\n# incus-snapshots-automation {"kind":"user"}\n')).toBeUndefined();
    const nowhere = JSON.stringify({ ...pruning, zone: "Berlin'; rm" });
    expect(readAutomation(`#!/bin/sh\n# incus-snapshots-automation ${nowhere}\n`)).toBeUndefined();
  });

  it('names each instance whole to the shell, whatever stands in names', () => {
    const text = fc.string({ minLength: 1 }).filter((one) => !/[\0\u001d\u001e]/.test(one));
    fc.assert(
      fc.property(text, text, text, (from, to, project) => {
        const one = {
          ...automation,
          pair: { from, to, mode: 'pull' as const },
          instances: [{ project, instance: 'c1' }],
        };
        const [first] = wordsOf(scriptOf(one));
        expect(first?.split('\u001e')).toEqual([
          from,
          project,
          'c1',
          'f'.repeat(64),
          to,
          project,
          'c1-incoming',
          'pull',
          '',
          '',
        ]);
      }),
      { numRuns: 50 },
    );
  });
});

describe('the units', () => {
  it('let no name begin a setting of its own', () => {
    fc.assert(
      fc.property(any, (one) => {
        for (const { text } of automationFiles({ ...one, kind: 'system' }, places).slice(1)) {
          const settings = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('['));
          for (const line of settings) {
            expect(line).toMatch(/^(Description|Documentation|Type|User|ExecStart|OnCalendar|Persistent|WantedBy)=/);
          }
        }
      }),
    );
  });
});

describe('the crontab', () => {
  const cron: Automation = { ...automation, kind: 'cron', when: '7 2 * * *' };

  it('gets one line, in place of an earlier one, and keeps all others', () => {
    const before = '# mine\n0 * * * * /bin/true\n';
    const once = withCronLine(before, cron, places);
    expect(once).toBe(`${before}${cronLine(cron, places)}\n`);
    const changed = withCronLine(once, { ...cron, when: '9 3 * * *' }, places);
    expect(changed.split('\n').filter((line) => line.includes('incus-snapshots'))).toHaveLength(1);
    expect(withoutCronLine(changed, cron)).toBe(before);
    expect(withoutCronLine(before, cron)).toBe(before);
    expect(withCronLine('', cron, places)).toBe(`${cronLine(cron, places)}\n`);
  });

  it('has the times and the script in it', () => {
    expect(cronLine(cron, places)).toBe(
      '7 2 * * * /bin/sh /home/me/.local/share/incus-snapshots/incus-snapshots-mirror-local-to-incus-snapshot.sh' +
        ' # incus-snapshots-automation incus-snapshots-mirror-local-to-incus-snapshot',
    );
  });
});

describe('times', () => {
  it.each([
    ['cron', '7 * * * *', true],
    ['cron', '*/5 0-6 1,15 jan mon', true],
    ['cron', '7 * * *', false],
    ['cron', '7 * * * * rm', false],
    ['cron', '7 * * * *\n* * * * * rm', false],
    ['user', 'hourly', true],
    ['user', 'Mon..Fri *-*-* 02:07:00', true],
    ['user', 'daily\nExecStart=/bin/rm', false],
    ['system', '', false],
  ] as const)('for %s: %j', (kind, when, is) => {
    expect(isWhen(kind, when)).toBe(is);
  });
});

describe('the programs of the system', () => {
  const timer = `${automationName(automation)}.timer`;
  it.each([
    ['systemctl', ['--user', 'daemon-reload']],
    ['systemctl', ['--user', 'enable', '--now', timer]],
    ['systemctl', ['disable', '--now', timer]],
    ['systemctl', ['restart', timer]],
    ['systemctl', ['--user', 'enable', '--now', `${automationName(pruning)}.timer`]],
    ['crontab', ['-l']],
    ['crontab', ['/tmp/incus-snapshots-aB3dEf/crontab']],
  ] as const)('%s may be run with %j', (program, argv) => {
    expect(systemRefusalOf(program, argv)).toBeUndefined();
  });

  it.each([
    ['systemctl', ['enable', '--now', 'ssh.service']],
    ['systemctl', ['--user', 'stop', timer]],
    ['systemctl', ['poweroff']],
    ['systemctl', [`disable --now ${timer}`]],
    ['crontab', ['-r']],
    ['crontab', ['-l', '-u', 'root']],
    ['crontab', ['/etc/passwd']],
  ] as const)('%s may not be run with %j', (program, argv) => {
    expect(systemRefusalOf(program, argv)).toBeDefined();
  });
});
