import * as vscode from 'vscode';
import { openShell as openShellCommand, showInfo } from '../../core/incus/commands.ts';
import { IncusError } from '../../core/incus/errors.ts';
import { environmentOf } from '../../core/incus/runner.ts';
import type { Instance } from '../../core/model.ts';
import { canOpenShell, canRestart, canStart, canStop, stopDeletes } from '../../core/policy/lifecycle.ts';
import { terminalRefusalOf } from '../../core/policy/guard/allowed.ts';
import { program, stopTimeout } from '../settings.ts';
import { chooseInstance, chooseInstances, placeOf } from './choose.ts';
import { each, inView, reportResults } from './report.ts';
import type { Handler } from './services.ts';

const names = (instances: readonly Instance[]) => instances.map(({ ref }) => ref.instance).join(', ');
const nameOf = ({ ref }: Instance) => ref.instance;

export const startInstance: Handler = async (services, selection) => {
  const instances = await chooseInstances(services, selection, {
    title: vscode.l10n.t('Start Instance'),
    many: true,
    fits: ({ instance }) => canStart(instance),
  });
  if (!instances) return;
  const results = await inView(() => each(instances, nameOf, ({ ref }) => services.actions.startInstance(ref)));
  await reportResults(services.log, results, {
    all: vscode.l10n.t('{0} started.', names(instances)),
    some: (good, all) => vscode.l10n.t('{0} of {1} instances started.', good, all),
  });
};

export const stopInstance: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Stop Instance');
  const instances = await chooseInstances(services, selection, {
    title,
    many: true,
    fits: ({ instance }) => canStop(instance),
  });
  if (!instances) return;
  const ephemeral = instances.find(stopDeletes);
  if (ephemeral) throw new IncusError('ephemeral', { text: ephemeral.ref.instance });
  if (!(await confirmStop(instances, vscode.l10n.t('Stop'), vscode.l10n.t('Stop {0}?', names(instances))))) return;
  const timeout = stopTimeout();
  const stop = (those: readonly Instance[], force: boolean) =>
    inView(() => each(those, nameOf, ({ ref }) => services.actions.stopInstance(ref, force ? { force } : { timeout })));
  const results = await stop(instances, false);
  const stubborn = instances.filter((_, i) => results[i]?.error?.kind === 'stopTimedOut');
  if (stubborn.length > 0 && (await confirmForce(stubborn, timeout))) {
    const forced = await stop(stubborn, true);
    stubborn.forEach((instance, i) => {
      const result = forced[i];
      if (result) results[instances.indexOf(instance)] = result;
    });
  }
  await reportResults(services.log, results, {
    all: vscode.l10n.t('{0} stopped.', names(instances)),
    some: (good, all) => vscode.l10n.t('{0} of {1} instances stopped.', good, all),
  });
};

export const restartInstance: Handler = async (services, selection) => {
  const title = vscode.l10n.t('Restart Instance');
  const instances = await chooseInstances(services, selection, {
    title,
    many: true,
    fits: ({ instance }) => canRestart(instance),
  });
  if (
    !instances ||
    !(await confirmStop(instances, vscode.l10n.t('Restart'), vscode.l10n.t('Restart {0}?', names(instances))))
  )
    return;
  const timeout = stopTimeout();
  const results = await inView(() =>
    each(instances, nameOf, ({ ref }) => services.actions.restartInstance(ref, { timeout })),
  );
  await reportResults(services.log, results, {
    all: vscode.l10n.t('{0} restarted.', names(instances)),
    some: (good, all) => vscode.l10n.t('{0} of {1} instances restarted.', good, all),
  });
};

/** Whoever uses the instance loses the connection: that is asked. */
async function confirmStop(instances: readonly Instance[], verb: string, question: string): Promise<boolean> {
  const detail = instances.map(({ ref }) => `${placeOf(ref)}: ${ref.instance}`).join('\n');
  return (await vscode.window.showWarningMessage(question, { modal: true, detail }, verb)) === verb;
}

/** @param timeout seconds that they were given */
export async function confirmForce(instances: readonly Instance[], timeout: number): Promise<boolean> {
  const force = vscode.l10n.t('Force Stop');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('{0} did not shut down within {1} seconds.', names(instances), timeout),
    {
      modal: true,
      detail: vscode.l10n.t('It still runs. Forcing is like pulling the plug: what was not written to disk is lost.'),
    },
    force,
  );
  return answer === force;
}

export const openShell: Handler = async (services, selection) => {
  const instance = await chooseInstance(services, selection, {
    title: vscode.l10n.t('Open Shell'),
    fits: ({ instance }) => canOpenShell(instance),
  });
  if (!instance) return;
  if (!canOpenShell(instance)) throw new IncusError('notRunning', { text: instance.status });
  const { argv } = openShellCommand(instance.ref);
  const refusal = terminalRefusalOf(argv);
  if (refusal) throw new IncusError('refusedCommand', { argv, text: JSON.stringify(refusal) });
  const incus = program();
  const terminal = vscode.window.createTerminal({
    name: `${instance.ref.instance} (${placeOf(instance.ref)})`,
    shellPath: incus.path,
    shellArgs: [...argv],
    env: environmentOf(incus),
    iconPath: new vscode.ThemeIcon('package'),
    isTransient: true,
  });
  terminal.show();
};

export const showInstanceInfo: Handler = async (services, selection) => {
  const instance = await chooseInstance(services, selection, { title: vscode.l10n.t('Show Instance Info') });
  if (!instance) return;
  const { ref } = instance;
  const text = await inView(() => services.client.text(showInfo(ref)));
  await services.info.show([ref.remote, ref.project, ref.instance], text);
};
