/** What the extension says of a schedule is what Incus does with it: asked of real servers, value by value. */
import assert from 'node:assert/strict';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { CronGrammar } from '../../../src/core/policy/schedule/cron.ts';
import { grammarOf } from '../../../src/core/policy/schedule/cron.ts';
import { isExpirySetting } from '../../../src/core/policy/schedule/expiry.ts';
import { forecast } from '../../../src/core/policy/schedule/forecast.ts';
import { checkNewSnapshotName } from '../../../src/core/policy/names.ts';
import { previewName } from '../../../src/core/policy/schedule/pattern.ts';
import { checkSchedule } from '../../../src/core/policy/schedule/schedule.ts';
import { ownTimeZone } from '../../../src/core/policy/schedule/zone.ts';
import { attachLab } from '../../lab/handle.ts';
import { waitFor } from '../../lab/process.ts';
import { EXPIRIES, PATTERNS, SCHEDULES } from './values.ts';

interface Answer {
  type: string;
  error: string;
  operation: string;
  metadata: unknown;
}

/** The API of the primary by its own socket: some thousand calls, which are not what is tested. */
class Api {
  readonly #socketPath = join(attachLab().primary.folder, 'unix.socket');
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });

  /** Resolves with what went wrong, `''` for nothing; an operation is waited for. */
  async change(method: string, path: string, body?: unknown): Promise<string> {
    const answer = await this.#call(method, path, body);
    if (answer.type !== 'async') return answer.error;
    const ended = await this.#call('GET', `${answer.operation}/wait`);
    return ended.error === '' ? (ended.metadata as { err: string }).err : ended.error;
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.#call('GET', path);
    assert.equal(answer.error, '', path);
    return answer.metadata as T;
  }

  close(): void {
    this.#agent.destroy();
  }

  #call(method: string, path: string, body?: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const options = {
        socketPath: this.#socketPath,
        agent: this.#agent,
        method,
        path: `/1.0${path.replace('/1.0', '')}`,
      };
      const sent = request(options, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          resolve({ error: '', ...(JSON.parse(Buffer.concat(chunks).toString()) as Partial<Answer>) } as Answer);
        });
      });
      sent.on('error', reject);
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}

interface Found {
  name: string;
  created_at: string;
}

const WORKERS = ['agree-a', 'agree-b', 'agree-c', 'agree-d'] as const;

describe('schedules as Incus takes them', () => {
  let api: Api;
  let grammar: CronGrammar;
  let extensions: ReadonlySet<string>;
  /** Since when a real schedule is in force on an instance of its own. */
  let scheduledAt: Date;

  const set = (name: string, config: Record<string, string>) => api.change('PATCH', `/instances/${name}`, { config });
  const snapshotsOf = async (name: string) =>
    (await api.get<{ snapshots: Found[] | null }>(`/instances/${name}?recursion=1`)).snapshots ?? [];

  before(async () => {
    api = new Api();
    const server = await api.get<{ api_extensions: string[]; environment: { server_version: string } }>('');
    extensions = new Set(server.api_extensions);
    grammar = grammarOf({ version: server.environment.server_version, extensions });
    for (const name of [...WORKERS, 'agree-minute']) {
      const root = { type: 'disk', path: '/', pool: 'default' };
      assert.equal(await api.change('POST', '/instances', { name, source: { type: 'none' }, devices: { root } }), '');
    }
    // Its first runs come to pass while the other tests are at work.
    const config = { 'snapshots.schedule': '* * * * *', 'snapshots.schedule.stopped': 'true' };
    scheduledAt = new Date();
    assert.equal(await set('agree-minute', { ...config, ...MINUTE_SETTINGS }), '');
  });

  after(async () => {
    for (const name of [...WORKERS, 'agree-minute']) await api.change('DELETE', `/instances/${name}`);
    api.close();
  });

  const MINUTE_SETTINGS = { 'snapshots.pattern': '{{ creation_date|date:"0102-1504" }}', 'snapshots.expiry': '2H' };

  /** Sets each value, and gathers those that the server takes or refuses other than was said. */
  async function disagreements(
    key: string,
    values: readonly string[],
    accepts: (value: string) => boolean | undefined,
  ) {
    assert.ok(values.length >= 300, `${values.length} values are too few`);
    const wrong: string[] = [];
    const counts = { accepted: 0, refused: 0, unsettled: 0 };
    for (const value of values) {
      const foretold = accepts(value);
      const said = await set(WORKERS[0], { [key]: value });
      if (said !== '') assert.match(said, /Invalid|strconv|value out of range/, `${key}=${value}`);
      if (foretold === undefined) counts.unsettled++;
      else counts[said === '' ? 'accepted' : 'refused']++;
      if (foretold !== undefined && foretold !== (said === ''))
        wrong.push(`${JSON.stringify(value)}: ${said || 'taken'}`);
    }
    assert.equal(await set(WORKERS[0], { [key]: '' }), '');
    assert.deepEqual(wrong, []);
    assert.ok(counts.accepted >= 50 && counts.refused >= 50, `one-sided: ${JSON.stringify(counts)}`);
    assert.ok(counts.unsettled < values.length / 10, `too much is left open: ${JSON.stringify(counts)}`);
  }

  it('accepts and refuses as the server does: snapshots.schedule', async () => {
    await disagreements('snapshots.schedule', SCHEDULES, (value) => {
      const verdict = checkSchedule(value, grammar);
      return verdict === 'unsettled' ? undefined : verdict === 'accepted';
    });
  });

  it('accepts and refuses as the server does: snapshots.expiry', async () => {
    await disagreements('snapshots.expiry', EXPIRIES, isExpirySetting);
  });

  it('accepts and refuses as the server does: snapshots.expiry.manual', async () => {
    if (extensions.has('snapshot_manual_expiry')) {
      await disagreements('snapshots.expiry.manual', EXPIRIES, isExpirySetting);
    } else {
      assert.match(await set(WORKERS[0], { 'snapshots.expiry.manual': '1d' }), /Unknown configuration key/);
    }
  });

  it('names a snapshot as the server does, whatever the pattern', async () => {
    assert.ok(PATTERNS.length >= 300, `${PATTERNS.length} patterns are too few`);
    const zone = ownTimeZone();
    const kinds = new Map<string, number>();
    const wrong: string[] = [];
    const tryOn = async (name: string, patterns: readonly string[]) => {
      for (const pattern of patterns) {
        // Any text is taken as a pattern, and shows what it is worth when a snapshot is made.
        assert.equal(await set(name, { 'snapshots.pattern': pattern }), '');
        const taken = (await snapshotsOf(name)).map((one) => one.name);
        const foretell = () => previewName(pattern, { at: new Date(), zone }, taken);
        const before = foretell();
        const said = await api.change('POST', `/instances/${name}/snapshots`, {});
        const made = (await snapshotsOf(name)).map((one) => one.name).find((one) => !taken.includes(one));
        kinds.set(before.kind, (kinds.get(before.kind) ?? 0) + 1);
        // Those by hand have a narrower rule than those by schedule.
        const isOdd = before.kind === 'name' && checkNewSnapshotName(before.name, []) !== undefined;
        const isRight = {
          name: () => [before, foretell()].some((one) => one.kind === 'name' && one.name === made) || (isOdd && !made),
          refused: () => made === undefined,
          unknown: () => true,
        }[before.kind]();
        if (!isRight) wrong.push(`${pattern}: ${JSON.stringify(before)}, but ${made ?? said}`);
      }
    };
    await Promise.all(
      WORKERS.map((name, i) =>
        tryOn(
          name,
          PATTERNS.filter((_, at) => at % WORKERS.length === i),
        ),
      ),
    );
    assert.deepEqual(wrong, []);
    assert.ok((kinds.get('name') ?? 0) >= 150 && (kinds.get('refused') ?? 0) >= 40, JSON.stringify([...kinds]));
    assert.ok((kinds.get('unknown') ?? 0) < PATTERNS.length / 8, JSON.stringify([...kinds]));
  });

  it('foretells when a real schedule fires, under which name, and until when', async () => {
    const settings = {
      schedule: '* * * * *',
      pattern: MINUTE_SETTINGS['snapshots.pattern'],
      expiry: MINUTE_SETTINGS['snapshots.expiry'],
      stopped: true,
    };
    const { runs } = forecast({ settings, grammar, zone: ownTimeZone(), now: scheduledAt, snapshots: [] });
    const [first] = await waitFor(
      'the minute schedule to fire',
      async () => {
        const made = await api.get<{ snapshots: (Found & { expires_at: string })[] | null }>(
          '/instances/agree-minute?recursion=1',
        );
        return made.snapshots && made.snapshots.length > 0 ? made.snapshots : undefined;
      },
      100_000,
    );
    assert.ok(first);
    const run = runs.find(({ name }) => name.kind === 'name' && name.name === first.name);
    assert.ok(run, `${first.name} is none of ${JSON.stringify(runs)}`);
    const early = run.at.getTime() - new Date(first.created_at).getTime();
    assert.ok(early > 0 && early <= 60_000, `made ${early} ms before the minute that was foretold`);
    const later = new Date(first.expires_at).getTime() - (run.expiresAt?.getTime() ?? 0);
    assert.ok(later >= 0 && later < 60_000, `expires ${later} ms after what was foretold`);
  }).timeout(120_000);
});
