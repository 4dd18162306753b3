import * as vscode from 'vscode';
import type { Route } from '../../core/actions/preflight.ts';
import { mirrorSourceOf } from '../../core/policy/mirror/mirrorKeys.ts';
import { type Check, checksOf, couldMirror, type ProfileCopy } from '../../core/policy/mirror/preflight.ts';
import { isTemporary } from '../../core/policy/temporary.ts';
import type { Instance, SnapshotServerPair, TransferMode } from '../../core/model.ts';
import { setSnapshotServers, snapshotServers } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { requireClient } from './choose.ts';
import { done } from './report.ts';
import type { Handler, Services } from './services.ts';
import { checkLine, createNetwork, networkHints, wayBack } from './setUpWords.ts';
import { askForRemote } from './trust.ts';

/** From a server that nobody trusts yet to one that holds mirrors. It can be left at any moment and taken up again. */
export const setUpSnapshotServer: Handler = async (services, selection) => {
  await services.loaded();
  requireClient(services);
  const instances = selection.instances.flatMap((ref) => services.inventory.instance(ref)?.instance ?? []);
  let route = (await takenUp(services)) ?? (await chooseRoute(services));
  while (route) {
    await services.draft.keep(route);
    const chosen = await showChecks(services, route, instances);
    if (!chosen) return;
    if ('mode' in chosen) {
      await finish(services, route, chosen.mode);
      return;
    }
    route = await mend(services, route, chosen.check);
  }
};

const title = () => vscode.l10n.t('Set Up Snapshot Server');

/** Where it was left, if that is wanted. */
async function takenUp({ draft, inventory }: Services): Promise<Route | undefined> {
  const { route } = draft;
  if (!route || !inventory.remote(route.from) || !inventory.remote(route.to)) return undefined;
  const goOn = vscode.l10n.t('Go on: {0} to {1}', oneLine(route.from), oneLine(route.to));
  const answer = await vscode.window.showQuickPick([goOn, vscode.l10n.t('Begin anew')], { title: title() });
  return answer === goOn ? route : undefined;
}

async function chooseRoute(services: Services): Promise<Route | undefined> {
  const names = services.inventory.remotes.map(({ remote }) => remote.name);
  const from = names.length === 1 ? names[0] : await pick(names, vscode.l10n.t('Which server is to be mirrored?'));
  if (from === undefined) return undefined;
  const add = `$(add) ${vscode.l10n.t('Add Remote')}`;
  const others = names.filter((name) => name !== from);
  const chosen = await pick([...others, add], vscode.l10n.t('Which server is to hold the mirrors?'));
  const to = chosen === add ? await askForRemote(services) : chosen;
  return to === undefined ? undefined : choosePlace(services, { from, to });
}

/** Where on the target the mirrors are to be, where there is a choice. `undefined`: left */
async function choosePlace({ client }: Services, route: Route): Promise<Route | undefined> {
  const { to } = route;
  // What is wrong with a server that does not tell is said by the checks.
  const [projects, pools] = await Promise.all([
    client.projects(to).catch((): string[] => []),
    client.pools(to).catch((): string[] => []),
  ]);
  const targetProject = await choosePart(projects, {
    placeHolder: vscode.l10n.t('Which project are the mirrors to be in?'),
    asItIs: vscode.l10n.t('The project of the same name'),
  });
  if (targetProject === undefined) return undefined;
  const targetPool = await choosePart(pools, {
    placeHolder: vscode.l10n.t('Which pool are the root disks of the mirrors to be on?'),
    asItIs: vscode.l10n.t('The pool of the same name, or the one that the profile names'),
  });
  if (targetPool === undefined) return undefined;
  return { ...route, ...(targetProject && { targetProject }), ...(targetPool && { targetPool }) };
}

/** One of several names, or empty: as it is on the source. Of one alone nothing is asked. */
async function choosePart(
  names: readonly string[],
  { placeHolder, asItIs }: { placeHolder: string; asItIs: string },
): Promise<string | undefined> {
  if (names.length < 2) return '';
  const choices = [{ label: asItIs, name: '' }, ...names.map((name) => ({ label: oneLine(name), name }))];
  return (await vscode.window.showQuickPick(choices, { title: title(), placeHolder }))?.name;
}

async function pick(names: readonly string[], placeHolder: string): Promise<string | undefined> {
  const choices = names.map((name) => ({ label: oneLine(name), name }));
  return (await vscode.window.showQuickPick(choices, { title: title(), placeHolder }))?.name;
}

interface Line extends vscode.QuickPickItem {
  readonly chosen?: { readonly mode: TransferMode } | { readonly check: Check | undefined };
}

/** Shows the checks. @returns how to mirror, or what is to be mended (nothing: check again); `undefined`: left */
async function showChecks(services: Services, route: Route, chosen: readonly Instance[]): Promise<Line['chosen']> {
  const { preflight, inventory } = services;
  const box = vscode.window.createQuickPick<Line>();
  box.title = `${title()}: ${oneLine(route.from)} → ${oneLine(route.to)}`;
  box.placeholder = vscode.l10n.t('Choose a line to mend what it says');
  box.ignoreFocusOut = true;
  box.busy = true;
  box.items = [{ label: `$(loading~spin) ${vscode.l10n.t('Checking, with a trial copy…')}` }];
  const abort = new AbortController();
  const answer = Promise.withResolvers<Line['chosen']>();
  box.onDidAccept(() => {
    const [line] = box.activeItems;
    if (line?.chosen) answer.resolve(line.chosen);
  });
  box.onDidHide(() => {
    answer.resolve(undefined);
  });
  box.show();
  const all = inventory.instances(route.from).map(({ instance }) => instance);
  const instances = chosen.length > 0 ? chosen : all.filter((one) => !isTemporary(one) && !mirrorSourceOf(one));
  preflight.facts(route, instances, abort.signal).then(
    (facts) => {
      box.items = linesFor(route, checksOf(facts));
      box.busy = false;
    },
    (error: unknown) => {
      answer.reject(error);
    },
  );
  try {
    return await answer.promise;
  } finally {
    abort.abort();
    box.dispose();
  }
}

function linesFor(route: Route, checks: readonly Check[]): Line[] {
  const works = checks.flatMap((check) => (check.kind === 'transfer' ? check.works : []));
  const [mode] = works;
  const save: Line[] =
    couldMirror(checks) && mode
      ? [
          {
            label: `$(arrow-right) ${vscode.l10n.t('Mirror {0} to {1}', oneLine(route.from), oneLine(route.to))}`,
            chosen: { mode },
          },
        ]
      : [];
  const lines = checks.map((check): Line => ({
    ...checkLine(check),
    ...(check.state !== 'good' && { chosen: { check } }),
  }));
  return [...save, ...lines, { label: `$(refresh) ${vscode.l10n.t('Check Again')}`, chosen: { check: undefined } }];
}

/** @returns the way on, which may be another one by then; `undefined`: left */
async function mend(services: Services, route: Route, check: Check | undefined): Promise<Route | undefined> {
  switch (check?.kind) {
    case 'project':
      for (const { project, from } of check.missing) {
        const detail = vscode.l10n.t('It gets the features of the project {0} on {1}.', from, oneLine(route.from));
        const question = vscode.l10n.t('Create the project {0} on {1}?', project, oneLine(route.to));
        if (!(await agreed(question, detail, vscode.l10n.t('Create Project')))) return route;
        await services.preflight.createProject({ remote: route.from, project: from }, { remote: route.to, project });
      }
      return route;
    case 'profiles':
      for (const { project, profile, from } of check.missing) {
        const to = { remote: route.to, project, profile };
        const plan = await services.preflight.planProfile(
          { remote: route.from, project: from, profile },
          to,
          route.targetPool,
        );
        const question = vscode.l10n.t(
          'Create the profile {0} in the project {1} on {2}?',
          profile,
          project,
          oneLine(route.to),
        );
        if (!(await agreed(question, profileWords(plan), vscode.l10n.t('Create Profile')))) return route;
        await services.preflight.createProfile(to, plan);
      }
      return route;
    case 'pools': {
      const pools = await services.client.pools(route.to);
      const targetPool = await pick(pools, vscode.l10n.t('Which pool are the root disks of the mirrors to be on?'));
      return targetPool === undefined ? route : { ...route, targetPool };
    }
    case 'networks':
      return copied(route, check.missing.map((one) => createNetwork(route.to, one)).join('\n'));
    case 'answers':
    case 'transfer': {
      const remote = check.kind === 'answers' ? check.remote : route.to;
      return copied(route, networkHints(services.inventory.remote(remote)?.remote.address ?? ''));
    }
    default:
      return route;
  }
}

async function copied(route: Route, text: string): Promise<Route> {
  await vscode.env.clipboard.writeText(text);
  done(vscode.l10n.t('Copied: {0}', oneLine(text.split('\n', 1)[0] ?? '')));
  return route;
}

async function agreed(question: string, detail: string, button: string): Promise<boolean> {
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, button)) === button;
}

function profileWords({ config, devices, pools, without }: ProfileCopy): string {
  return [
    vscode.l10n.t('Settings: {0}', Object.keys(config).join(', ') || '–'),
    vscode.l10n.t('Devices: {0}', Object.keys(devices).join(', ') || '–'),
    ...pools.map(({ was, is }) => vscode.l10n.t('The pool {0} is not there: {1} is taken.', was, is)),
    ...(without.length > 0
      ? [vscode.l10n.t('Left out, since what they need is not there: {0}', without.join(', '))]
      : []),
  ].join('\n');
}

async function finish(
  services: Services,
  { from, to, targetProject, targetPool }: Route,
  mode: TransferMode,
): Promise<void> {
  const place = {
    ...(targetProject !== undefined && { targetProject }),
    ...(targetPool !== undefined && { targetPool }),
  };
  const pair: SnapshotServerPair = { from, to, mode, ...place };
  const others = snapshotServers().filter((one) => one.from !== from || one.to !== to);
  await setSnapshotServers([...others, pair]);
  await services.draft.keep(undefined);
  const mirror = vscode.l10n.t('Mirror Now');
  const back = vscode.l10n.t('Copy the Commands for the Way Back');
  const text = vscode.l10n.t('{0} is set up to be mirrored to {1}, by {2}.', oneLine(from), oneLine(to), mode);
  const answer = await vscode.window.showInformationMessage(text, mirror, back);
  if (answer === mirror) await vscode.commands.executeCommand('incusSnapshots.mirrorAll');
  else if (answer === back) await copied({ from, to }, wayBack(from));
}
