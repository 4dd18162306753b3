import { describe, expect, it } from 'vitest';
import { fromHost, fromWebview, whyUnfit } from '../../../src/protocol/contract.ts';
import { timelineContract } from '../../../src/protocol/timeline.ts';

const texts = Object.fromEntries(timelineContract.texts.map((key) => [key, key]));

describe('what passes between the extension and a webview', () => {
  const host = fromHost(timelineContract);
  const webview = fromWebview(timelineContract);

  it('is what the contract says', () => {
    expect(host.safeParse({ kind: 'setup', locale: 'de', texts }).success).toBe(true);
    expect(host.safeParse({ kind: 'message', message: { kind: 'all', rows: [] } }).success).toBe(true);
    expect(webview.safeParse({ kind: 'ready' }).success).toBe(true);
    expect(webview.safeParse({ kind: 'message', message: { kind: 'select', id: 'local/default/c1' } }).success).toBe(
      true,
    );
  });

  it.each([
    undefined,
    null,
    'ready',
    {},
    { kind: 'message' },
    { kind: 'message', message: { kind: 'run', command: 'rm' } },
    { kind: 'message', message: { kind: 'select', id: 7 } },
    { kind: 'message', message: { kind: 'inSight', ids: 'all' } },
    { kind: 'message', message: { kind: 'inSight', ids: Array.from({ length: 501 }, String) } },
  ])('is dropped where it is anything else: %j', (value) => {
    expect(webview.safeParse(value).success).toBe(false);
  });

  it('is dropped by the webview where texts are missing', () => {
    expect(host.safeParse({ kind: 'setup', locale: 'en', texts: { title: 'Timeline' } }).success).toBe(false);
  });

  it('is told of without its content, which may be anything', () => {
    const secret = 'a-secret-value';
    const parsed = webview.safeParse({ kind: 'message', message: { kind: 'select', id: { secret } } });
    const why = parsed.success ? '' : whyUnfit(parsed.error);
    expect(why).toBe('message.id: invalid_type');
    expect(why).not.toContain(secret);
  });
});
