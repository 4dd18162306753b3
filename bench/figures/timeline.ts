/** The timeline of a fleet, drawn in the browser that VS Code's workbench is tested in; beside it one DOM node for each thing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { project } from '../../scripts/setup/places.mjs';
import { timelineContract, type TimelineRow } from '../../src/protocol/timeline.ts';
import { pageOf } from '../../src/vscode/webview/page.ts';
import { BROWSER_ARGS } from '../../test/lab/workbench.ts';
import type { Experiment } from '../figure.ts';
import { byTurns, medianOf, wordTime } from '../statistics.ts';
import { paintTime, panRate } from '../trace.ts';

const INSTANCES = 1000;
const SNAPSHOTS = 10;
const HOUR = 3_600_000;

/** Frames for which the picture is dragged along. */
const PANNED_FRAMES = 120;

const ORIGIN = 'http://timeline.bench/';

/** What the page gets: as many snapshots of each kind as a fleet with a schedule has. */
function fleet(now: number): TimelineRow[] {
  return Array.from({ length: INSTANCES }, (_, i): TimelineRow => {
    const instance = `fleet-${String(i).padStart(4, '0')}`;
    const snapshots = Array.from({ length: SNAPSHOTS }, (_, k) => ({
      name: `snap${k}`,
      at: now - (SNAPSHOTS - k) * 24 * HOUR - (i % 24) * HOUR,
      expires: now + (k + 1) * 24 * HOUR,
      origin: k % 4 === 0 ? ('hand' as const) : ('schedule' as const),
      ...{ stateful: k === 7, pending: false, pinned: k === 4 },
    }));
    const place = { remote: 'local', project: 'default', place: 'local' };
    return {
      ...place,
      id: `local/default/${instance}`,
      instance,
      known: 'all',
      snapshots,
      runs: [now + HOUR],
      spans: [],
    };
  });
}

/** What VS Code gives to a webview, and a mark in the trace at the first name that is written on the picture. */
const IN_PAGE = `
  window.acquireVsCodeApi = () => ({ postMessage() {}, getState() {}, setState() {} });
  window.onDrawn = () => {
    if (!window.isDrawn) performance.mark('bench-drawn');
    window.isDrawn = true;
  };
  const { fillText } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
    fillText.call(this, text, ...rest);
    if (text === 'fleet-0000') window.onDrawn();
  };
`;

/** Serves the webview's page as VS Code does, from the files that are packed. */
async function openPage(browser: Browser, html: string): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const page = await context.newPage();
  await page.addInitScript({ content: IN_PAGE });
  await page.route(`${ORIGIN}**`, async (route) => {
    const path = new URL(route.request().url()).pathname.slice(1);
    if (path === '') await route.fulfill({ contentType: 'text/html', body: html });
    else {
      const contentType = path.endsWith('.css') ? 'text/css' : 'text/javascript';
      await route.fulfill({ contentType, body: readFileSync(join(project, path), 'utf8') });
    }
  });
  await page.goto(ORIGIN);
  return page;
}

const OURS = pageOf({
  title: 'Timeline',
  language: 'en',
  cspSource: ORIGIN,
  script: `${ORIGIN}dist/webview/timeline.js`,
  styles: [`${ORIGIN}media/webview.css`, `${ORIGIN}media/timeline.css`],
  nonce: 'bench',
});

/** One SVG element for each thing, as one would draw it first. */
const NAIVE = '<!DOCTYPE html><html lang="en"><body style="margin:0;overflow:auto"></body></html>';

/** What hands the fleet over to a page, and what drags it along by some pixels. */
interface Contender {
  readonly html: string;
  /** Run in the page. */
  readonly show: string;
  readonly pan: string;
}

const SETUP = {
  kind: 'setup',
  locale: 'en',
  texts: Object.fromEntries(timelineContract.texts.map((key) => [key, key])),
};

const CONTENDERS = {
  ours: {
    html: OURS,
    show: `window.postMessage({ kind: 'message', message: { kind: 'all', rows: window.fleet } })`,
    pan: `document.querySelector('.scroll canvas').dispatchEvent(
      new WheelEvent('wheel', { deltaX: 12, bubbles: true, cancelable: true }))`,
  },
  naive: {
    html: NAIVE,
    show: `(() => {
      const ns = 'http://www.w3.org/2000/svg';
      const make = (tag, attributes, text) => {
        const made = document.createElementNS(ns, tag);
        for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
        if (text !== undefined) made.textContent = text;
        return made;
      };
      const rows = window.fleet;
      const from = Math.min(...rows.flatMap((row) => row.snapshots.map(({ at }) => at)));
      const x = (at) => 210 + ((at - from) / (Date.now() - from)) * 1000;
      const svg = make('svg', { width: 1280, height: rows.length * 28 });
      window.moving = make('g', {});
      rows.forEach((row, i) => {
        svg.append(make('text', { x: 12, y: i * 28 + 12, 'font-size': 12 }, row.instance));
        svg.append(make('text', { x: 12, y: i * 28 + 24, 'font-size': 10 }, row.place));
        for (const { at, expires, name } of row.snapshots) {
          window.moving.append(make('rect', { x: x(at), y: i * 28 + 11, width: x(expires) - x(at), height: 6, opacity: 0.3 }));
          const mark = make('circle', { cx: x(at), cy: i * 28 + 14, r: 5, fill: 'steelblue' });
          mark.append(make('title', {}, name));
          window.moving.append(mark);
        }
      });
      svg.append(window.moving);
      document.body.append(svg);
      window.onDrawn();
    })()`,
    pan: `window.moving.setAttribute('transform', 'translate(' + (window.moved = (window.moved ?? 0) - 12) + ' 0)')`,
  },
} satisfies Record<string, Contender>;

const CATEGORIES = ['blink.user_timing', 'devtools.timeline', 'disabled-by-default-devtools.timeline.frame', 'cc'];

/** Opens a page anew, gives it the fleet and drags it along; what it took is in the browser's trace. */
async function measure(browser: Browser, { html, show, pan }: Contender): Promise<{ paint: number; rate: number }> {
  const page = await openPage(browser, html);
  try {
    const setup = JSON.stringify(SETUP);
    await page.evaluate(`window.fleet = ${JSON.stringify(fleet(Date.now()))}; window.postMessage(${setup})`);
    await browser.startTracing(page, { categories: CATEGORIES });
    await page.evaluate(`performance.mark('bench-data'); ${show}`);
    await page.waitForFunction('window.isDrawn');
    await page.evaluate(frames('', 3, ''));
    await page.evaluate(frames(`performance.mark('bench-pan')`, PANNED_FRAMES, pan));
    await page.evaluate(`performance.mark('bench-end')`);
    const trace = (await browser.stopTracing()).toString('utf8');
    return { paint: paintTime(trace), rate: panRate(trace) };
  } finally {
    await page.context().close();
  }
}

/** A script that begins with something, and does something else in each of some frames. */
function frames(begin: string, count: number, each: string): string {
  return `new Promise((resolve) => {
    ${begin};
    let left = ${count};
    const next = () => {
      ${each};
      if (--left > 0) requestAnimationFrame(next);
      else resolve();
    };
    requestAnimationFrame(next);
  })`;
}

const timeline: Experiment = {
  figures: [
    { name: 'timeline-first-paint', unit: 'ms', goal: { atMost: 500 } },
    { name: 'timeline-pan', unit: 'frames/s', goal: { atLeast: 50 } },
  ],
  async measure() {
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: BROWSER_ARGS });
    try {
      const rates = { ours: [] as number[], naive: [] as number[] };
      const once = (name: keyof typeof CONTENDERS) => async () => {
        const { paint, rate } = await measure(browser, CONTENDERS[name]);
        rates[name].push(rate);
        return paint;
      };
      const paints = await byTurns(7, { ours: once('ours'), naive: once('naive') });
      // The first turn does not count.
      const [ours, naive] = [rates.ours.slice(1), rates.naive.slice(1)];
      const beside = medianOf(naive).value.toFixed(1);
      return new Map([
        ['timeline-first-paint', medianOf(paints.ours, `one node for each thing ${wordTime(paints.naive)}`)],
        ['timeline-pan', medianOf(ours, `one node for each thing ${beside} frames/s`)],
      ]);
    } finally {
      await browser.close();
    }
  },
};

export const experiments: readonly Experiment[] = [timeline];
