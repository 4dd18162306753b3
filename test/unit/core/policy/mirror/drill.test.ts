import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOf } from '../../../../../src/core/policy/guard/allowed.ts';
import type { Snapshot } from '../../../../../src/core/model.ts';
import {
  drillProgram,
  isDrillProgram,
  readAnswer,
  settingsOfSnapshot,
  snapshotForDrill,
} from '../../../../../src/core/policy/mirror/drill.ts';
import { SENDING_KEY, sendingText } from '../../../../../src/core/policy/mirror/mirrorKeys.ts';

const snapshot = (name: string, more: Partial<Snapshot> = {}): Snapshot => ({
  ref: { remote: 'snap', project: 'default', instance: 'c1', snapshot: name },
  createdAt: new Date(),
  stateful: false,
  ephemeral: false,
  config: {},
  devices: {},
  description: '',
  ...more,
});
const chosen = (snapshots: Snapshot[], config = {}) => snapshotForDrill({ config, snapshots })?.ref.snapshot;

describe('the snapshot that a drill is made with', () => {
  it('is the newest', () => {
    expect(chosen([snapshot('s1'), snapshot('s2')])).toBe('s2');
  });

  it('is none that a run may not have sent whole, that is being made, or whose name means another one', () => {
    const sending = { [SENDING_KEY]: sendingText(['s3']) };
    expect(chosen([snapshot('s1'), snapshot('s2', { pending: true }), snapshot('s3'), snapshot('a%62')], sending)).toBe(
      's1',
    );
    expect(chosen([snapshot('s3')], sending)).toBeUndefined();
    expect(snapshotForDrill({ config: {} })).toBeUndefined();
  });

  it('brings what it has itself, over what the profiles bring', () => {
    const mirror = {
      expandedConfig: { a: 'profile', b: 'profile' },
      expandedDevices: { eth0: { type: 'nic' }, root: { type: 'disk' } },
    };
    const own = { config: { b: 'own' }, devices: { data: { type: 'disk' } } };
    expect(settingsOfSnapshot(mirror, own)).toEqual({
      config: { a: 'profile', b: 'own' },
      devices: { eth0: { type: 'nic' }, root: { type: 'disk' }, data: { type: 'disk' } },
    });
  });
});

describe('the program of a drill', () => {
  const argv = (instance: string, program: readonly string[]) => [
    ...['exec', '--project', 'default', '-n', '-T', '--', `snap:${instance}`],
    ...program,
  ];

  it('runs in temporary copies alone, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => !text.includes('\0')),
        (command) => {
          const isWhole = command.isWellFormed();
          expect(refusalOf(argv('incus-snapshots-tmp-0f3a', drillProgram(command))) === undefined).toBe(isWhole);
          expect(refusalOf(argv('c1', drillProgram(command)))).toBeDefined();
        },
      ),
    );
  });

  it('is no other program', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 6 }), (program) => {
        expect(isDrillProgram(program)).toBe(false);
        expect(refusalOf(argv('incus-snapshots-tmp-0f3a', program))).toBeDefined();
      }),
    );
  });

  it('only has to answer where no command is given', () => {
    expect(drillProgram('').at(-1)).toBe(':');
  });
});

describe('the answer', () => {
  it.each([
    ['hello\nincus-snapshots-answer 0\n', { exitCode: 0, said: 'hello' }],
    ['incus-snapshots-answer 3\n', { exitCode: 3, said: '' }],
    ['no newline at the endincus-snapshots-answer 0', undefined],
    ['one\ntwo\nincus-snapshots-answer 127\n', { exitCode: 127, said: 'one\ntwo' }],
  ])('of %j', (output, answer) => {
    expect(readAnswer(output)).toEqual(answer);
  });

  it('is none where the program was not seen to its end', () => {
    expect(readAnswer('')).toBeUndefined();
    expect(readAnswer('hello\n')).toBeUndefined();
    expect(readAnswer('incus-snapshots-answer \n')).toBeUndefined();
  });
});
