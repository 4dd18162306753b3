import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TimelineRow } from '../../../src/protocol/timeline.ts';
import { paint } from '../../../src/webview/timeline/paint.ts';
import type { Palette } from '../../../src/webview/timeline/palette.ts';
import { SvgPen } from '../../../src/webview/timeline/svgPen.ts';

const COLOURS = {
  ...{ background: '#fff', foreground: '#000', muted: '#777', line: '#ddd', hand: '#00f', schedule: '#0a0' },
  ...{ stateful: '#808', pending: '#aa0', pinned: '#f80', overdue: '#d00', mirrored: '#333', now: '#f00' },
  ...{ focus: '#09f', selected: '#eee', font: 'sans-serif' },
} satisfies Palette;

const DAY = 86_400_000;

function row(instance: string, name: string): TimelineRow {
  const plain = { origin: 'hand', stateful: false, pending: false, pinned: false } as const;
  const made = { ...plain, name, at: 10 * DAY, expires: 12 * DAY, mirrored: 'mirrored' } as const;
  const others = [
    { ...plain, name: 'b', at: 11 * DAY, origin: 'schedule', mirrored: 'missing' },
    { ...plain, name: 'c', at: 12 * DAY, stateful: true, pinned: true, mirrored: 'differing' },
    { ...plain, name: 'd', at: 13 * DAY, pending: true },
  ] as const;
  return {
    ...{ id: instance, remote: 'local', project: 'default', instance, place: `local ${name}`, known: 'all' },
    ...{
      snapshots: [made, ...others],
      runs: [15 * DAY],
      spans: [{ from: 16 * DAY, to: 17 * DAY }],
      overdue: 13.5 * DAY,
      mirror: name,
    },
  };
}

function svg(rows: readonly TimelineRow[], title = 'Timeline'): string {
  const pen = new SvgPen('sans-serif');
  paint(pen, COLOURS, {
    ...{ rows, view: { from: 9 * DAY, to: 17 * DAY, left: 210, right: 900 }, ticks: [], width: 912, height: 400 },
    ...{ scroll: 0, rowHeight: 40, now: 14 * DAY, noteOf: () => undefined, focus: undefined },
  });
  return pen.finish(912, 400, title);
}

/** The tags of a picture, each with its attributes' values taken out. */
const tags = (text: string) => text.match(/<[^>]*>/g)?.map((tag) => tag.replaceAll(/"[^"]*"/g, '""'));

describe('the picture as SVG', () => {
  it('draws each thing with a shape of its own', () => {
    const text = svg([row('c1', 'a')]);
    expect(text).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="912" height="400"/);
    const shapes = ['hand', 'schedule', 'stateful', 'pinned', 'pending', 'overdue', 'mirrored'] as const;
    const drawn = shapes.map((name) => text.match(new RegExp(`<[^>]*"${COLOURS[name]}"[^>]*>`, 'g')) ?? []);
    for (const [i, marks] of drawn.entries()) expect(marks.length, shapes[i]).toBeGreaterThan(0);
    expect(text).toContain('<circle cx="296.25" cy="39" r="5" fill="#00f"/>');
    expect(text).toContain('stroke="#aa0" stroke-width="1.5" stroke-dasharray="3 2"');
    // A run whose moment is not known is as long as the time that it comes in.
    expect(text).toMatch(
      /<polygon points="813\.75[^"]*" fill="[^"]*" stroke="[^"]*" stroke-width="1" stroke-dasharray="2 2"/,
    );
  });

  it('has the same tags whatever names there are: a name is text', () => {
    const plain = tags(svg([row('c1', 'a')]));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        expect(tags(svg([row('c1', name)], name))).toEqual(plain);
      }),
    );
    expect(svg([row('c1', '<img src=x onerror="alert(1)">')])).toContain(
      'local &lt;img src=x onerror=&quot;alert(1)&quot;&gt;',
    );
  });
});
