import assert from 'node:assert/strict';
import { SCHEDULE_KEYS } from '../../../src/core/policy/schedule/scheduleSources.ts';
import type { ScheduleFormState, ScheduleValues } from '../../../src/protocol/schedule.ts';
import { changesOf, formState, previewOf } from '../../../src/vscode/schedule/formState.ts';
import { reachedBy, readSubject, type Subject } from '../../../src/vscode/schedule/subject.ts';
import { timeZoneOf } from '../../../src/vscode/settings.ts';
import { useHost } from '../support/host.ts';

describe('the form for schedules', () => {
  const host = useHost();
  const { lab } = host;

  const subjectOf = (...names: string[]): Subject => ({
    kind: 'instances',
    refs: names.map((instance) => ({ remote: 'local', project: 'default', instance })),
  });

  /** Opens a form on what it is about, and writes to the place of that label. */
  async function open(subject: Subject, placed = '') {
    const { client, inventory } = host.parts;
    const reading = await readSubject(client, inventory, subject);
    const all = reading.places.map((place) => formState(subject, reading, place, inventory, timeZoneOf('local')));
    const [first] = all;
    assert.ok(first);
    const target = first.targets.find(({ label }) => label.includes(placed))?.id;
    const form = all.find((one) => one.target === target);
    const place = reading.places.find(({ id }) => id === target);
    assert.ok(form && place, `no place ${placed}`);
    const preview = (values: Partial<ScheduleValues>) => {
      const draft = { number: 1, values: { ...unchanged(form), ...values } };
      return previewOf(draft, form, reading, reachedBy(place, reading, inventory), timeZoneOf('local'));
    };
    return { form, preview };
  }

  function unchanged({ fields }: ScheduleFormState): ScheduleValues {
    const { schedule, pattern, expiry, manualExpiry, stopped } = fields;
    const values = { schedule: schedule.own, pattern: pattern.own, expiry: expiry.own, manualExpiry: manualExpiry.own };
    return { ...values, stopped: stopped.own === 'true' || stopped.own === 'false' ? stopped.own : '', cleared: [] };
  }

  async function profile(name: string, config: Record<string, string>): Promise<void> {
    await lab.must('profile', 'create', name);
    host.later(() => lab.incus('profile', 'delete', name));
    await lab.must('profile', 'set', name, ...Object.entries(config).map(([key, value]) => `${key}=${value}`));
  }

  it('tells where each value comes from, and who follows', async () => {
    await profile('form-nightly', { [SCHEDULE_KEYS.schedule]: '0 3 * * *', [SCHEDULE_KEYS.expiry]: '2w' });
    await host.container('form-a', { stopped: true, config: { [SCHEDULE_KEYS.schedule]: '@weekly' } });
    await host.container('form-b', { stopped: true });
    for (const name of ['form-a', 'form-b']) await lab.must('profile', 'add', name, 'form-nightly');
    await host.load();

    const one = await open(subjectOf('form-a'));
    assert.equal(one.form.fields.schedule.source, 'Set on the instance; the profile form-nightly has 0 3 * * *.');
    assert.equal(one.form.fields.expiry.source, 'From the profile form-nightly: 2w');
    assert.equal(one.form.fields.expiry.inherited, '2w');
    assert.equal(one.form.fields.pattern.source, 'Not set: snap%d is used.');
    // Without one of its own, that of the profile is what holds.
    assert.match(one.preview({ schedule: '' }).words, /At 03:00/);
    assert.deepEqual(one.preview({ schedule: '' }).changes, ['snapshots.schedule: @weekly → not set']);
    assert.deepEqual(one.preview({}).warnings, ['No snapshots are made while an instance is stopped.']);

    const byProfile = await open({
      kind: 'profile',
      ref: { remote: 'local', project: 'default', profile: 'form-nightly' },
    });
    assert.deepEqual(byProfile.form.followers.toSorted(), ['form-a (has a schedule of its own)', 'form-b']);
    assert.match(byProfile.form.fields.schedule.source, /form-a has a value of its own, which counts there: @weekly/);

    const shared = await open(subjectOf('form-a', 'form-b'), 'form-nightly');
    assert.equal(shared.form.fields.schedule.own, '0 3 * * *');
  });

  it('leaves what differs between several as it is, unless something is written', async () => {
    await host.container('form-c', { stopped: true, config: { [SCHEDULE_KEYS.schedule]: '@weekly' } });
    await host.container('form-d', { stopped: true });
    await host.load();
    const { form, preview } = await open(subjectOf('form-c', 'form-d'));
    assert.match(form.fields.schedule.source, /They differ: @weekly \| not set\. Left as they are/);
    assert.deepEqual(changesOf(unchanged(form), form), []);
    assert.equal(preview({}).canSave, false);
    assert.deepEqual(changesOf({ ...unchanged(form), schedule: '@daily ' }, form), [
      { field: 'schedule', value: '@daily' },
    ]);
    assert.equal(preview({ schedule: '@daily' }).canSave, true);
  });

  it('says what Incus would refuse, and what it would take and fail at', async () => {
    await host.container('form-e', { stopped: true });
    await host.load();
    const { preview } = await open(subjectOf('form-e'));
    const bad = preview({ schedule: '61 * * * *', expiry: '1 day', pattern: 'a b' });
    assert.equal(bad.canSave, false);
    assert.match(bad.errors.schedule, /Incus would refuse this/);
    assert.match(bad.errors.expiry, /No time span that Incus takes/);
    assert.match(preview({ schedule: '@daily', pattern: 'a b' }).errors.pattern, /would also stop snapshots of other/);
    assert.match(preview({ schedule: '@daily' }).warnings.join(' '), /They never expire/);
    assert.match(
      preview({ schedule: '@daily', expiry: '1H' }).warnings.join(' '),
      /expire before the next one is made/,
    );
  });

  it('tells the time of the server and that of the user', async () => {
    await host.setting('timeZones', { local: 'Asia/Kathmandu' });
    await host.container('form-f', { stopped: true });
    await host.load();
    const { form, preview } = await open(subjectOf('form-f'));
    assert.equal(form.zone, 'Asia/Kathmandu');
    const told = preview({ schedule: '0 6 * * *', expiry: '1w' });
    assert.equal(told.hasOtherZone, true);
    assert.equal(told.runs.length, 5);
    assert.ok(told.runs.every(({ server, local }) => server.includes('6:00') && !local.includes('6:00')));
  });
});
