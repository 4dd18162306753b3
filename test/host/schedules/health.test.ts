import assert from 'node:assert/strict';
import { SCHEDULE_KEYS } from '../../../src/core/policy/schedule/scheduleSources.ts';
import { leaves, picks } from '../support/dialogs.ts';
import { useHost } from '../support/host.ts';

const HOUR = 3_600_000;

describe('the health of schedules', () => {
  const host = useHost();
  const { lab } = host;

  /** Puts an instance, its last start and its snapshots into the past. */
  async function age(name: string, milliseconds: number): Promise<void> {
    const at = new Date(Date.now() - milliseconds).toISOString().replace('T', ' ').replace('Z', '+00:00');
    await host.sql(`UPDATE instances SET creation_date = '${at}', last_use_date = '${at}' WHERE name = '${name}'`);
    const ofIt = `instance_id = (SELECT id FROM instances WHERE name = '${name}')`;
    await host.sql(`UPDATE instances_snapshots SET creation_date = '${at}' WHERE ${ofIt}`);
  }

  it('says that the last run is missing, in the row, the tooltip and the list, and helps', async () => {
    const hourAgo = new Date(Date.now() - HOUR);
    const schedule = `${hourAgo.getMinutes()} ${hourAgo.getHours()} * * *`;
    await host.container('health-late', { config: { 'snapshots.schedule': schedule, 'snapshots.expiry': '4w' } });
    await lab.must('snapshot', 'create', 'health-late');
    await age('health-late', 25 * HOUR + 20_000);
    await host.load();
    const row = host.instance('health-late');
    assert.match(host.tree(), /health-late running · 1 snapshot · .* · snapshot overdue/);
    assert.match(host.tooltip(row), /Schedule: The last snapshot is missing: it was due/);
    assert.equal(host.parts.health.count, 1);
    const [list] = await host.run(
      'checkSchedules',
      [],
      picks('health-late: snapshot overdue'),
      picks('Create a Snapshot Now'),
      leaves,
    );
    assert.deepEqual(list?.options.slice(0, 2), ['Snapshots are missing, or will be', 'health-late: snapshot overdue']);
    await lab.must('snapshot', 'create', 'health-late', 'now');
    await host.load();
    assert.equal(host.parts.health.count, 0);
    assert.doesNotMatch(host.tree(), /snapshot overdue/);
  });

  it('lists what may be meant so, without a mark in the row, and mends it', async () => {
    await host.container('health-off', { stopped: true, config: { 'snapshots.schedule': '@daily' } });
    await host.load();
    assert.match(host.tree(), /health-off stopped · no snapshots · once a day, at a time that Incus picks\n/);
    assert.equal(host.parts.health.count, 0);
    const [list] = await host.run(
      'checkSchedules',
      [],
      picks('health-off: scheduled, but stopped'),
      picks('Make Snapshots While It Is Stopped, Too'),
    );
    assert.ok(list?.options.includes('health-off: snapshots never expire'), String(list?.options));
    assert.equal((await host.real('health-off'))?.config[SCHEDULE_KEYS.stopped], 'true');
    assert.equal(host.window.status.at(-1), 'snapshots.schedule.stopped of health-off is set.');
  });

  it('takes the schedule of a mirror away, and that it starts by itself', async () => {
    const source = `${'a'.repeat(64)}/default/other`;
    const config = { 'user.incus-snapshots.source': source, 'snapshots.schedule': '@hourly', 'boot.autostart': 'true' };
    await host.container('health-mirror', { stopped: true, config });
    await host.load();
    assert.match(host.tree(), /health-mirror .*mirror with a schedule/);
    await host.run(
      'checkSchedules',
      [],
      picks('health-mirror: mirror with a schedule'),
      picks("Take the Mirror's Schedule Away"),
    );
    await host.run(
      'checkSchedules',
      [],
      picks('health-mirror: mirror that starts by itself'),
      picks('Do Not Start the Mirror by Itself'),
    );
    const real = await host.real('health-mirror');
    assert.equal(real?.config['snapshots.schedule'], '@never');
    assert.equal(real.config['boot.autostart'], 'false');
    assert.doesNotMatch(host.tree(), /health-mirror .*(with a schedule|starts by itself)/);
  });
});

describe('writing schedules', () => {
  const host = useHost();
  const { lab } = host;
  const key = SCHEDULE_KEYS.schedule;
  const target = (instance: string) =>
    ({ kind: 'instance', ref: { remote: 'local', project: 'default', instance } }) as const;
  const write = (instance: string, seen: string, value: string) =>
    host.parts.edits.write(target(instance), [{ key, seen, value }]);

  it('overwrites only what was seen', async () => {
    await host.container('edit-one', { stopped: true, config: { [key]: '@daily' } });
    await host.load();
    await write('edit-one', '@daily', '0 6 * * *');
    assert.equal((await host.real('edit-one'))?.config[key], '0 6 * * *');
    await lab.must('config', 'set', 'edit-one', `${key}=@weekly`);
    const { kind } = await host.sentence(write('edit-one', '0 6 * * *', '@hourly'));
    assert.equal(kind, 'changedMeanwhile');
    assert.equal((await host.real('edit-one'))?.config[key], '@weekly');
    await write('edit-one', '@weekly', '');
    assert.equal((await host.real('edit-one'))?.config[key], undefined);
  });

  it('leaves all as it was where the server refuses one of them', async () => {
    await host.container('edit-two', { stopped: true });
    await host.load();
    const changes = [
      { key, seen: '', value: '@daily' },
      { key: SCHEDULE_KEYS.expiry, seen: '', value: '1 fortnight' },
    ];
    await host.sentence(host.parts.edits.write(target('edit-two'), changes));
    assert.deepEqual(
      Object.keys((await host.real('edit-two'))?.config ?? {}).filter((one) => one.startsWith('snapshots.')),
      [],
    );
  });

  it('writes to a profile, and its instances are seen to follow', async () => {
    await lab.must('profile', 'create', 'edit-nightly');
    host.later(() => lab.incus('profile', 'delete', 'edit-nightly'));
    await host.container('edit-three', { stopped: true });
    await lab.must('profile', 'add', 'edit-three', 'edit-nightly');
    await host.load();
    const ref = { remote: 'local', project: 'default', profile: 'edit-nightly' };
    await host.parts.edits.write({ kind: 'profile', ref }, [{ key, seen: '', value: '@weekly' }]);
    assert.match(host.tree(), /edit-three .*once a week, at a time that Incus picks/);
    assert.equal((await host.real('edit-three'))?.config[key], undefined);
  });
});
