import assert from 'node:assert/strict';
import { fromHost } from '../../../src/protocol/contract.ts';
import { pruneContract, type PruneRules, type ToPrune } from '../../../src/protocol/prune.ts';
import { leaves, picks, presses, types } from '../support/dialogs.ts';
import { SNAPSHOT_REMOTE, useHost } from '../support/host.ts';

const NONE: PruneRules = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0 };

describe('pruning', () => {
  const host = useHost();
  const { lab } = host;

  async function withSnapshots(name: string, ...snapshots: string[]): Promise<void> {
    await host.container(name, { stopped: true });
    for (const one of snapshots) await lab.must('snapshot', 'create', name, one);
    await host.load();
  }

  /** What the page shows of one instance, as `name: why`. */
  const verdicts = (plan: ToPrune, at = 0) =>
    plan.instances[at]?.snapshots?.map(({ name, keptBy, count }) => `${name}: ${keptBy ?? 'goes'}${count ?? ''}`);
  const isPlanned = (wanted: readonly string[]) => (plan: ToPrune) =>
    JSON.stringify(verdicts(plan)) === JSON.stringify(wanted) && !plan.busy;

  async function openPage(...names: string[]) {
    await host.run(
      'pruneSnapshots',
      names.map((name) => host.instance(name)),
    );
    host.window.webview.ready();
    return host.window.webview;
  }

  it('shows what would stay and go, and deletes nothing before it was agreed to', async () => {
    await withSnapshots('prune-one', 'a', 'b', 'c', 'd');
    const page = await openPage('prune-one');
    assert.equal(page.title, 'Prune prune-one');
    await page.becomes('a plan without rules', isPlanned(['d', 'c', 'b', 'a'].map((name) => `${name}: noRules`)));
    page.say({ kind: 'rules', rules: { ...NONE, last: 2 } });
    const plan = await page.becomes<ToPrune>('the plan', isPlanned(['d: last1', 'c: last2', 'b: goes', 'a: goes']));
    assert.deepEqual(await host.snapshots('prune-one'), ['a', 'b', 'c', 'd']);

    host.dialogs.script(leaves);
    page.say({ kind: 'prune', revision: plan.revision });
    await page.becomes<ToPrune>('the end of asking', ({ busy }) => !busy && host.dialogs.asked.length === 1);
    const { last } = host.dialogs;
    assert.deepEqual([last.modal, last.text, last.options], [true, 'Delete 2 snapshots of prune-one?', ['Delete']]);
    assert.match(last.detail, /^local: prune-one\/b\nlocal: prune-one\/a\n\nThey cannot be brought back\./);
    assert.deepEqual(await host.snapshots('prune-one'), ['a', 'b', 'c', 'd']);

    host.dialogs.script(presses('Delete'));
    page.say({ kind: 'prune', revision: plan.revision });
    await page.becomes('what is left', isPlanned(['d: last1', 'c: last2']));
    assert.deepEqual(await host.snapshots('prune-one'), ['c', 'd']);
    assert.deepEqual(host.window.status, ['2 snapshots deleted.']);
    host.dialogs.check();
    for (const frame of page.sent) assert.ok(fromHost(pruneContract).safeParse(frame).success);
  });

  it('deletes nothing by a plan that is not the one shown', async () => {
    await withSnapshots('prune-stale', 'a', 'b');
    const page = await openPage('prune-stale');
    page.say({ kind: 'rules', rules: { ...NONE, last: 1 } });
    const { revision } = await page.becomes<ToPrune>('the plan', isPlanned(['b: last1', 'a: goes']));
    page.say({ kind: 'prune', revision: revision - 1 });
    page.say({ kind: 'prune', revision: revision + 1 });
    page.say({ kind: 'rules', rules: { ...NONE, last: 9 } });
    page.say({ kind: 'prune', revision });
    await page.becomes('all of them', isPlanned(['b: last1', 'a: last2']));
    host.dialogs.check();
    assert.deepEqual(await host.snapshots('prune-stale'), ['a', 'b']);
  });

  it('leaves a snapshot that has become another one, or was pinned, while the question stood there', async () => {
    await withSnapshots('prune-race', 'a', 'b', 'c', 'd');
    const page = await openPage('prune-race');
    page.say({ kind: 'rules', rules: { ...NONE, last: 1 } });
    const { revision } = await page.becomes<ToPrune>(
      'the plan',
      isPlanned(['d: last1', 'c: goes', 'b: goes', 'a: goes']),
    );
    const created = (await host.real('prune-race'))?.snapshots?.find(({ name }) => name === 'b')?.created_at ?? '';
    host.dialogs.script(
      presses('Delete', async () => {
        await lab.must('snapshot', 'delete', 'prune-race', 'a');
        await lab.must('snapshot', 'create', 'prune-race', 'a');
        await lab.must('config', 'set', 'prune-race', `user.incus-snapshots.pin.${Date.parse(created)}=true`);
      }),
      leaves,
    );
    page.say({ kind: 'prune', revision });
    await page.becomes<ToPrune>('its end', (plan) => !plan.busy && host.dialogs.asked.length === 2);
    assert.match(host.dialogs.last.text, /^1 of 3 snapshots deleted\. /);
    assert.deepEqual(await host.snapshots('prune-race'), ['b', 'd', 'a']);
    host.dialogs.check();
  });

  it('works on several instances, and says what could not be read', async () => {
    await withSnapshots('prune-two-1', 'a', 'b');
    await withSnapshots('prune-two-2', 'a', 'b');
    const page = await openPage('prune-two-1', 'prune-two-2');
    assert.equal(page.title, 'Prune 2 Instances');
    page.say({ kind: 'rules', rules: { ...NONE, last: 1 } });
    await page.becomes<ToPrune>('both plans', (plan) =>
      [0, 1].every((at) => verdicts(plan, at)?.join() === 'b: last1,a: goes'),
    );
    await lab.must('delete', 'prune-two-2');
    await host.parts.inventory.refreshRemote('local');
    const plan = await page.becomes<ToPrune>('one alone', ({ instances }) => instances[1]?.snapshots === undefined);
    host.dialogs.script(presses('Delete'));
    page.say({ kind: 'prune', revision: plan.revision });
    await page.becomes('what is left', isPlanned(['b: last1']));
    assert.deepEqual(await host.snapshots('prune-two-1'), ['b']);
  });

  it('goes by the clock of the server, as the settings tell it', async () => {
    await withSnapshots('prune-zone', 'a');
    await host.setting('timeZones', { local: 'Asia/Kathmandu', other: 'Nowhere/None' });
    const page = await openPage('prune-zone');
    const plan = await page.becomes<ToPrune>('the plan', ({ instances }) => instances[0]?.snapshots !== undefined);
    assert.equal(plan.instances[0]?.zone, 'Asia/Kathmandu');
  });

  it('touches nothing on a mirror that its original has no more', async () => {
    await withSnapshots('prune-mirror', 'a', 'b', 'c');
    host.later(() => lab.incus('delete', '--force', `${SNAPSHOT_REMOTE}:prune-mirror`));
    await lab.must('copy', 'local:prune-mirror', `${SNAPSHOT_REMOTE}:prune-mirror`);
    const fingerprint = host.parts.inventory.server('local')?.fingerprint ?? '';
    const source = `${fingerprint}/default/prune-mirror`;
    await lab.must('config', 'set', `${SNAPSHOT_REMOTE}:prune-mirror`, `user.incus-snapshots.source=${source}`);
    await lab.must('snapshot', 'delete', 'prune-mirror', 'a');
    await host.load();
    await host.run('pruneSnapshots', [host.instance('prune-mirror', { on: SNAPSHOT_REMOTE })]);
    host.window.webview.ready();
    host.window.webview.say({ kind: 'rules', rules: { ...NONE, last: 1 } });
    await host.window.webview.becomes('the plan', isPlanned(['c: last1', 'b: goes', 'a: onlyHere']));
  });

  it('drops what its page should never say, and logs it', async () => {
    await withSnapshots('prune-odd', 'a', 'b');
    const page = await openPage('prune-odd');
    const plan = await page.becomes<ToPrune>('the plan', ({ instances }) => instances[0]?.snapshots !== undefined);
    page.say({ kind: 'rules', rules: { ...NONE, last: -1 } });
    page.say({ kind: 'rules', rules: { ...NONE, last: 1.5 } });
    page.say({ kind: 'delete', name: 'a' });
    page.post('<img src=x onerror=alert(1)>');
    page.post({ kind: 'dropped', why: 'message.rows: invalid_type' });
    const warnings = host.window.log.filter(({ level }) => level === 'warn').map(({ text }) => text);
    assert.equal(warnings.length, 5);
    assert.equal(warnings[0], 'prune: a message was dropped: message.rules.last: too_small');
    assert.equal(warnings[4], 'prune: a message was dropped: message.rows: invalid_type');
    assert.equal(page.messages<ToPrune>().at(-1)?.revision, plan.revision);
  });
});

describe('a pin', () => {
  const host = useHost();
  const { lab } = host;

  it('keeps its snapshot from pruning and from expiring, and is seen in the tree', async () => {
    await host.container('pin-one', { stopped: true, config: { 'snapshots.expiry': '3d' } });
    for (const name of ['a', 'b']) await lab.must('snapshot', 'create', 'pin-one', name);
    await host.load();
    await host.run('pinSnapshot', [host.snapshot('pin-one', 'a')]);
    assert.deepEqual(host.window.status, ['pin-one/a pinned. What would have expired stays.']);
    const tree = () => host.tree(host.instance('pin-one'));
    assert.equal(tree(), 'b AGE · expires in 3 days\na AGE · pinned');
    assert.match(String(host.item(host.snapshot('pin-one', 'a')).contextValue), /pinned/);
    assert.equal((await host.real('pin-one'))?.snapshots?.[0]?.expires_at, '0001-01-01T00:00:00Z');

    await host.run('pruneSnapshots', [host.instance('pin-one')]);
    const page = host.window.webview;
    page.ready();
    page.say({ kind: 'rules', rules: { ...NONE, last: 1 } });
    const keptBy = ({ instances }: ToPrune) => instances[0]?.snapshots?.map((one) => one.keptBy ?? 'goes').join();
    const plan = await page.becomes<ToPrune>('the pin', (one) => keptBy(one) === 'last,pinned');
    page.say({
      kind: 'pin',
      id: plan.instances[0]?.id,
      name: 'a',
      at: plan.instances[0]?.snapshots?.[1]?.at,
      pinned: false,
    });
    await page.becomes<ToPrune>('it unpinned', (one) => keptBy(one) === 'last,goes');
    assert.equal(tree(), 'b AGE · expires in 3 days\na AGE');
  });

  it('outlasts a rename and a restore, and goes with its snapshot', async () => {
    await host.container('pin-two', { stopped: true });
    for (const name of ['a', 'b']) await lab.must('snapshot', 'create', 'pin-two', name);
    await host.load();
    await host.run('pinSnapshot', [host.snapshot('pin-two', 'a'), host.snapshot('pin-two', 'b')]);
    await host.run('renameSnapshot', [host.snapshot('pin-two', 'a')], types('first'));
    await host.run('restoreSnapshot', [host.snapshot('pin-two', 'first')], presses('Restore'));
    const tree = () => host.tree(host.instance('pin-two'));
    assert.equal(tree(), 'b AGE · pinned\nfirst AGE · pinned');
    await lab.must('snapshot', 'delete', 'pin-two', 'b');
    await host.load();
    await host.run('unpinSnapshot', [host.snapshot('pin-two', 'first')]);
    assert.equal(tree(), 'first AGE');
    const keys = Object.keys((await host.real('pin-two'))?.config ?? {});
    assert.deepEqual(
      keys.filter((key) => key.startsWith('user.incus-snapshots.')),
      [],
    );
  });
});

describe('tiers', () => {
  const host = useHost();

  it('set a schedule, an expiry and the rules, after a question that names them; pruning takes them up', async () => {
    await host.container('tiers-one', { stopped: true, config: { 'snapshots.schedule': '@weekly' } });
    await host.load();
    const row = host.instance('tiers-one');
    const label = 'Hourly for a day, daily for a month';
    const [choice, left] = await host.run('setTiers', [row], picks(label), leaves);
    assert.equal(choice?.options.includes('No tiers'), false);
    assert.match(left?.detail ?? '', /^local: tiers-one\n\nsnapshots\.schedule: @hourly \(today: @weekly\)$/m);
    assert.match(left?.detail ?? '', /^snapshots\.expiry: 31d \(today: not set\)$/m);
    assert.equal((await host.real('tiers-one'))?.config['snapshots.schedule'], '@weekly');

    await host.run('setTiers', [row], picks(label), presses('Set, and Look What Could Go…'));
    const config = (await host.real('tiers-one'))?.config;
    assert.equal(config?.['snapshots.schedule'], '@hourly');
    assert.equal(config['snapshots.expiry'], '31d');
    assert.equal(config['user.incus-snapshots.retention'], 'hourly=24 daily=30');
    host.window.webview.ready();
    const plan = await host.window.webview.becomes<ToPrune>('the rules', ({ rules }) => rules.hourly === 24);
    assert.deepEqual(plan.rules, { ...NONE, hourly: 24, daily: 30 });

    const own = types('last=3', ['', 'daily', 'daily=0', 'hours=3', 'last=3 last=4']);
    await host.run('setTiers', [row], picks('Own rules…'), own, presses('Set'));
    assert.equal((await host.real('tiers-one'))?.config['user.incus-snapshots.retention'], 'last=3');
    await host.run('setTiers', [row], picks('No tiers'), presses('Set'));
    const after = (await host.real('tiers-one'))?.config ?? {};
    assert.equal(after['user.incus-snapshots.retention'], undefined);
    assert.equal(after['snapshots.schedule'], '@hourly');
  });
});
