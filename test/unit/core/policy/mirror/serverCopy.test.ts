import { describe, expect, it } from 'vitest';
import { copiedConfig } from '../../../../../src/core/policy/mirror/serverCopy.ts';

describe('a snapshot that becomes an instance on another server', () => {
  it('does nothing by itself, and bears no mark of its original', () => {
    expect(copiedConfig({ 'user.incus-snapshots.source': 'x', 'user.mine': 'y' }, new Set())).toEqual({
      'user.incus-snapshots.source': '',
      'boot.autostart': 'false',
      'snapshots.schedule': '',
      'security.protection.delete': '',
    });
    const { 'security.protection.start': start } = copiedConfig({}, new Set(['instance_protection_start']));
    expect(start).toBe('');
  });
});
