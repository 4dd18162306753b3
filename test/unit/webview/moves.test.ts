import { describe, expect, it } from 'vitest';
import type { TimelineRow } from '../../../src/protocol/timeline.ts';
import { type Focus, moved } from '../../../src/webview/timeline/moves.ts';

const snapshot = (name: string, at: number) =>
  ({ name, at, origin: 'hand', stateful: false, pending: false, pinned: false }) as const;

const row = (id: string, ...times: number[]): TimelineRow => ({
  id,
  instance: id,
  place: 'local',
  remote: 'local',
  project: 'default',
  runs: [],
  spans: [],
  known: 'all',
  snapshots: times.map((at) => snapshot(`${id}-${at}`, at)),
});

const rows = [row('a', 10, 20, 30), row('b'), row('c', 5, 29)];

/** Where a sequence of keys leads, as the name of the snapshot, or the row's where it has none. */
function after(...keys: string[]): string {
  let focus: Focus | undefined;
  for (const key of keys) focus = moved(rows, focus, key, 2) ?? focus;
  return (
    (focus?.item?.kind === 'snapshot' ? focus.item.snapshot.name : undefined) ?? rows[focus?.row ?? -1]?.id ?? 'nowhere'
  );
}

describe('keys in the timeline', () => {
  it.each([
    [['ArrowDown'], 'a-30'],
    [['ArrowLeft', 'ArrowLeft'], 'a-20'],
    [['ArrowLeft', 'ArrowLeft', 'ArrowLeft', 'ArrowLeft'], 'a-10'],
    [['Home'], 'a-30'],
    [['ArrowRight', 'Home'], 'a-10'],
    [['ArrowRight', 'Home', 'End', 'ArrowRight'], 'a-30'],
    [['ArrowDown', 'ArrowDown'], 'b'],
    [['ArrowDown', 'ArrowDown', 'ArrowLeft'], 'b'],
    [['ArrowDown', 'PageDown'], 'c-29'],
    [['ArrowDown', 'PageDown', 'ArrowDown', 'Home'], 'c-5'],
    [['ArrowDown', 'PageDown', 'PageUp', 'ArrowUp'], 'a-30'],
    [['x', 'Enter'], 'nowhere'],
  ])('%j lead to %s', (keys, place) => {
    expect(after(...keys)).toBe(place);
  });

  it('lead nowhere where there is nothing', () => {
    expect(moved([], undefined, 'ArrowDown', 5)).toBeUndefined();
  });
});
