import { describe, expect, it } from 'vitest';
import { fromHost, fromWebview } from '../../../src/protocol/contract.ts';
import { scheduleContract } from '../../../src/protocol/schedule.ts';

const values = { schedule: '', pattern: '', expiry: '', manualExpiry: '', stopped: '', cleared: [] };
const message = (body: unknown) => ({ kind: 'message', message: body });

describe('the contract of the form for schedules', () => {
  const toHost = fromWebview(scheduleContract);

  it('takes what the form sends', () => {
    for (const body of [
      { kind: 'draft', draft: 1, values },
      { kind: 'save', values: { ...values, schedule: '<img onerror=alert(1)>' } },
      { kind: 'target', target: 'instances' },
      { kind: 'zone' },
    ]) {
      expect(toHost.safeParse(message(body)).success).toBe(true);
    }
  });

  it.each([
    [{ kind: 'save', values: { ...values, schedule: 1 } }],
    [{ kind: 'save', values: { ...values, schedule: 'x'.repeat(5000) } }],
    [{ kind: 'save', values: { ...values, stopped: 'maybe' } }],
    [{ kind: 'save', values: { ...values, cleared: ['name'] } }],
    [{ kind: 'save' }],
    [{ kind: 'draft', values }],
    [{ kind: 'run', argv: ['delete', 'c1'] }],
    [null],
  ])('drops %j', (body) => {
    expect(toHost.safeParse(message(body)).success).toBe(false);
  });

  it('shows nothing that is no preview', () => {
    const toWebview = fromHost(scheduleContract);
    expect(toWebview.safeParse(message({ kind: 'status', tone: 'good', text: 'Saved.' })).success).toBe(true);
    expect(toWebview.safeParse(message({ kind: 'status', tone: 'loud', text: '' })).success).toBe(false);
    expect(toWebview.safeParse(message({ kind: 'preview', draft: 1, words: '' })).success).toBe(false);
  });
});
