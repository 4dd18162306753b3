/** The form as its page drives it: what it sends is written, for several instances and for profiles. */
import assert from 'node:assert/strict';
import { SCHEDULE_KEYS } from '../../../src/core/policy/schedule/scheduleSources.ts';
import type { FromSchedule, ScheduleFormState, SchedulePreview, ToSchedule } from '../../../src/protocol/schedule.ts';
import { picks } from '../support/dialogs.ts';
import { useHost } from '../support/host.ts';
import type { Webview } from '../support/webview.ts';

type Values = Extract<FromSchedule, { kind: 'save' }>['values'];

const EMPTY: Values = { schedule: '', pattern: '', expiry: '', manualExpiry: '', stopped: '', cleared: [] };

describe('the form, worked', () => {
  const host = useHost();
  const { lab } = host;

  async function profile(name: string, config: Record<string, string>): Promise<void> {
    await lab.must('profile', 'create', name);
    host.later(() => lab.incus('profile', 'delete', name));
    await lab.must('profile', 'set', name, ...Object.entries(config).map(([key, value]) => `${key}=${value}`));
  }

  const formOf = (page: Webview) =>
    page.messages<ToSchedule>().findLast((message): message is ScheduleFormState => message.kind === 'form');

  /** What a draft would come to. */
  async function preview(page: Webview, values: Values): Promise<SchedulePreview> {
    page.say({ kind: 'draft', draft: 1, values });
    const last = await page.becomes<ToSchedule>('the preview', ({ kind }) => kind === 'preview');
    assert.equal(last.kind, 'preview');
    return last;
  }

  async function save(page: Webview, values: Values): Promise<void> {
    page.say({ kind: 'save', values });
    await page.becomes<ToSchedule>('the end of saving', (last) => last.kind === 'status' && last.text === 'Saved.');
  }

  const valueOf = async (instance: string, key: string) => (await lab.must('config', 'get', instance, key)).trim();

  it('takes differing values away from several instances in one step', async () => {
    await host.container('many-a', { stopped: true, config: { [SCHEDULE_KEYS.schedule]: '@weekly' } });
    await host.container('many-b', {
      stopped: true,
      config: { [SCHEDULE_KEYS.schedule]: '0 3 * * *', [SCHEDULE_KEYS.stopped]: 'true' },
    });
    await host.load();
    await host.run('editSchedule', [host.instance('many-a'), host.instance('many-b')]);
    const page = host.window.webview;
    page.ready();
    assert.equal(formOf(page)?.heading, 'Schedule of 2 instances');
    assert.deepEqual([formOf(page)?.fields.schedule.differs, formOf(page)?.fields.expiry.differs], [true, false]);

    const untouched = await preview(page, EMPTY);
    assert.equal(untouched.words, 'Each keeps its own schedule.');
    assert.equal(untouched.canSave, false);
    const cleared: Values = { ...EMPTY, cleared: ['schedule', 'stopped'] };
    const told = await preview(page, cleared);
    assert.deepEqual(told.changes, [
      'snapshots.schedule: they differ → not set',
      'snapshots.schedule.stopped: they differ → not set',
    ]);
    await save(page, { ...cleared, expiry: '2w' });
    for (const name of ['many-a', 'many-b']) {
      assert.equal(await valueOf(name, SCHEDULE_KEYS.schedule), '', name);
      assert.equal(await valueOf(name, SCHEDULE_KEYS.stopped), '', name);
      assert.equal(await valueOf(name, SCHEDULE_KEYS.expiry), '2w', name);
    }
    assert.equal(formOf(page)?.fields.schedule.differs, false);
  });

  it('writes to the profile that several share, where that is chosen, and leaves the instances as they are', async () => {
    await profile('many-nightly', { [SCHEDULE_KEYS.schedule]: '0 3 * * *' });
    for (const name of ['many-c', 'many-d']) {
      await host.container(name, { stopped: true });
      await lab.must('profile', 'add', name, 'many-nightly');
    }
    host.later(() =>
      Promise.all(['many-c', 'many-d'].map((one) => lab.incus('profile', 'remove', one, 'many-nightly'))),
    );
    await host.load();
    await host.run('editSchedule', [host.instance('many-c'), host.instance('many-d')]);
    const page = host.window.webview;
    page.ready();
    const target = formOf(page)?.targets.find(({ label }) => label.includes('many-nightly'))?.id;
    page.say({ kind: 'target', target });
    assert.equal(formOf(page)?.fields.schedule.own, '0 3 * * *');
    assert.deepEqual(formOf(page)?.followers.toSorted(), ['many-c', 'many-d']);
    await save(page, { ...EMPTY, schedule: '30 4 * * *' });
    assert.equal((await lab.must('profile', 'get', 'many-nightly', SCHEDULE_KEYS.schedule)).trim(), '30 4 * * *');
    assert.equal(await valueOf('many-c', SCHEDULE_KEYS.schedule), '');
  });

  it('opens on a profile from the palette, and comes back in a tab that VS Code has kept', async () => {
    await profile('many-weekly', { [SCHEDULE_KEYS.schedule]: '0 3 * * 0' });
    await host.container('many-e', { stopped: true });
    await lab.must('profile', 'add', 'many-e', 'many-weekly');
    host.later(() => lab.incus('profile', 'remove', 'many-e', 'many-weekly'));
    await host.load();
    const [asked] = await host.run('editSchedule', [], picks('Profile many-weekly'));
    assert.equal(asked?.options[0], 'Instances…');
    const page = host.window.webview;
    page.ready();
    assert.equal(formOf(page)?.heading, 'Schedule of the profile many-weekly');
    assert.deepEqual(formOf(page)?.followers, ['many-e']);
    await save(page, { ...EMPTY, schedule: '0 4 * * 0' });
    assert.equal((await lab.must('profile', 'get', 'many-weekly', SCHEDULE_KEYS.schedule)).trim(), '0 4 * * 0');

    const { subject } = page.sent[0] as { subject: unknown };
    page.close();
    const tab = host.window.kept('schedule');
    await host.parts.schedules.restore(tab.panel, JSON.parse(JSON.stringify(subject)));
    tab.ready();
    assert.equal(formOf(tab)?.fields.schedule.own, '0 4 * * 0');
    // What it was about is gone, or it is none of ours.
    for (const other of [{ kind: 'profile', ref: { remote: 'local', project: 'default', profile: 'none' } }, {}]) {
      const stale = host.window.kept('schedule');
      await host.parts.schedules.restore(stale.panel, other);
      assert.ok(stale.isClosed);
    }
  });
});
