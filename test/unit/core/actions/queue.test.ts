import { describe, expect, it } from 'vitest';
import { KeyedQueue } from '../../../../src/core/actions/queue.ts';

function gate() {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  return {
    promise,
    open: () => {
      resolve(undefined);
    },
  };
}

describe('actions on one instance', () => {
  it('run one after another, in order, whatever becomes of each', async () => {
    const queue = new KeyedQueue();
    const first = gate();
    const log: string[] = [];
    const a = queue.run('c1', undefined, async () => {
      log.push('a begins');
      await first.promise;
      log.push('a ends');
      throw new Error('a failed');
    });
    const b = queue.run('c1', undefined, () => Promise.resolve(log.push('b')));
    const other = queue.run('c2', undefined, () => Promise.resolve(log.push('another instance')));
    await other;
    expect(log).toEqual(['a begins', 'another instance']);
    first.open();
    await expect(a).rejects.toThrow('a failed');
    await b;
    expect(log).toEqual(['a begins', 'another instance', 'a ends', 'b']);
  });

  it('can be left while waiting, and do not begin then', async () => {
    const queue = new KeyedQueue();
    const first = gate();
    const abort = new AbortController();
    let began = false;
    const a = queue.run('c1', undefined, () => first.promise);
    const b = queue.run('c1', abort.signal, () => Promise.resolve((began = true)));
    const c = queue.run('c1', undefined, () => Promise.resolve('c'));
    abort.abort();
    await expect(b).rejects.toMatchObject({ kind: 'cancelled' });
    first.open();
    await a;
    expect(await c).toBe('c');
    expect(began).toBe(false);
  });

  it('are forgotten when they have ended, and say when they are busy', async () => {
    const queue = new KeyedQueue();
    const told: boolean[] = [];
    const idle = new Promise<void>((resolve) => {
      queue.onDidChange((key) => {
        told.push(queue.isBusy(key));
        if (!queue.isBusy(key)) resolve();
      });
    });
    await Promise.all([1, 2, 3].map((n) => queue.run('c1', undefined, () => Promise.resolve(n))));
    await idle;
    expect(told).toEqual([true, false]);
  });
});
