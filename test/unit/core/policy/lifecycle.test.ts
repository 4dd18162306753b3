import { describe, expect, it } from 'vitest';
import {
  canOpenShell,
  canRestart,
  canSnapshotStatefully,
  canStart,
  canStop,
  stopDeletes,
} from '../../../../src/core/policy/lifecycle.ts';

const at = (status: string, ephemeral = false) => ({ status, ephemeral });

describe('what can be done in a state', () => {
  it.each([
    ['Running', { start: false, stop: true, restart: true, shell: true }],
    ['Ready', { start: false, stop: true, restart: true, shell: true }],
    ['Frozen', { start: true, stop: true, restart: false, shell: false }],
    ['Stopped', { start: true, stop: false, restart: false, shell: false }],
    ['Error', { start: false, stop: false, restart: false, shell: false }],
  ])('%s', (status, { start, stop, restart, shell }) => {
    const instance = at(status);
    expect([canStart(instance), canStop(instance), canRestart(instance), canOpenShell(instance)]).toEqual([
      start,
      stop,
      restart,
      shell,
    ]);
  });

  it.each(['Running', 'Ready', 'Frozen'])('an ephemeral instance that is %s can never be stopped', (status) => {
    expect(stopDeletes(at(status, true))).toBe(true);
    expect(canStop(at(status, true))).toBe(false);
  });

  it('an ephemeral instance can be restarted: Incus keeps it', () => {
    expect(canRestart(at('Running', true))).toBe(true);
  });

  it('memory can be kept only of a running instance that allows it', () => {
    const config = (value?: string) => ({ expandedConfig: value === undefined ? {} : { 'migration.stateful': value } });
    expect(canSnapshotStatefully({ status: 'Running', ...config('true') })).toBe(true);
    expect(canSnapshotStatefully({ status: 'Ready', ...config('YES') })).toBe(true);
    expect(canSnapshotStatefully({ status: 'Stopped', ...config('true') })).toBe(false);
    expect(canSnapshotStatefully({ status: 'Frozen', ...config('true') })).toBe(false);
    expect(canSnapshotStatefully({ status: 'Running', ...config('false') })).toBe(false);
    expect(canSnapshotStatefully({ status: 'Running', ...config() })).toBe(false);
  });
});
