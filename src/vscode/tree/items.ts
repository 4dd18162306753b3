import * as vscode from 'vscode';
import type { IncusError } from '../../core/incus/errors.ts';
import type { RemoteEntry } from '../../core/inventory/inventory.ts';
import { countOf, type InstanceEntry } from '../../core/inventory/rows.ts';
import { type Instance, isOnThisMachine, type Server, type Snapshot } from '../../core/model.ts';
import { canOpenShell, canRestart, canStart, canStop } from '../../core/policy/lifecycle.ts';
import type { DrillResult } from '../../core/policy/mirror/drill.ts';
import { standsFor } from '../../core/policy/mirror/failover.ts';
import { mirrorSourceOf } from '../../core/policy/mirror/mirrorKeys.ts';
import { checkSnapshotUse } from '../../core/policy/names.ts';
import { isTemporary } from '../../core/policy/temporary.ts';
import { describeError, describeProblem } from '../messages.ts';
import { oneLine } from '../../protocol/oneLine.ts';
import type { ShownCount } from './arrangement.ts';
import type { Note } from './nodes.ts';
import {
  drillWords,
  exactTime,
  expiryWords,
  relativeTime,
  scheduleWords,
  snapshotCount,
  stateWord,
  typeWord,
} from './wording.ts';

/** What a row looks like, apart from its id. */
export type Row = Pick<
  vscode.TreeItem,
  'label' | 'description' | 'tooltip' | 'iconPath' | 'contextValue' | 'command' | 'accessibilityInformation'
> & { readonly expandable: boolean };

export { oneLine } from '../../protocol/oneLine.ts';

const SEPARATOR = ' · ';

/** What there is to say, in one line. */
export function joined(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(SEPARATOR);
}

/** Names come from servers: they stand in a tooltip as text, never as Markdown. */
export function tooltip(title: string, lines: readonly (string | undefined)[]): vscode.MarkdownString {
  const text = new vscode.MarkdownString();
  text.appendText(oneLine(title));
  for (const line of lines) if (line !== undefined && line !== '') text.appendMarkdown('\n\n').appendText(line);
  return text;
}

/** @param count of its instances */
export function remoteRow({ remote, state }: RemoteEntry, count: ShownCount): Row {
  const label = oneLine(remote.name);
  switch (state.kind) {
    case 'connecting':
      return {
        label,
        description: vscode.l10n.t('connecting…'),
        iconPath: new vscode.ThemeIcon('loading~spin'),
        contextValue: remoteContext('remote', remote.address),
        expandable: true,
      };
    case 'failed':
      return failedRemoteRow(label, remote.address, state.error, describeProblem(state.problem));
    case 'ready': {
      const unread = state.unread > 0 ? vscode.l10n.t('{0} not readable', state.unread) : undefined;
      const limited = state.server.access === 'limited' ? vscode.l10n.t('limited access') : undefined;
      const description = joined([state.server.version, instanceCount(count), limited, unread]);
      return {
        label,
        description,
        tooltip: remoteTooltip(label, remote.address, state.server, state.unread),
        iconPath: new vscode.ThemeIcon(state.server.clustered ? 'server-environment' : 'server'),
        contextValue: remoteContext('remote;ready', remote.address),
        accessibilityInformation: { label: vscode.l10n.t('Remote {0}, {1}', label, description) },
        expandable: true,
      };
    }
  }
}

/** The server on this machine is the client's default one, and stays. */
function remoteContext(words: string, address: string): string {
  return isOnThisMachine({ address }) ? words : [words, 'removable'].join(';');
}

function remoteTooltip(label: string, address: string, server: Server, unread: number): vscode.MarkdownString {
  return tooltip(label, [
    address,
    vscode.l10n.t('Incus {0} on {1}', server.version, server.name),
    server.clustered ? vscode.l10n.t('Member of a cluster') : undefined,
    server.access === 'limited'
      ? vscode.l10n.t('This client is held to some projects: the server may hide what is in others.')
      : undefined,
    unread > 0 ? vscode.l10n.t('{0} instances could not be read. The log says why.', unread) : undefined,
  ]);
}

function failedRemoteRow(label: string, address: string, error: IncusError, problem: string): Row {
  const advice = describeError(error);
  return {
    label,
    description: problem,
    tooltip: tooltip(label, [address, advice, vscode.l10n.t('Select the row to see what can be done.')]),
    iconPath: new vscode.ThemeIcon('warning', new vscode.ThemeColor('list.warningForeground')),
    contextValue: remoteContext('remote;failed', address),
    accessibilityInformation: { label: vscode.l10n.t('Remote {0}: {1}. {2}', label, problem, advice) },
    // Without arguments: VS Code forgets those of a row that is redrawn in the moment of the click.
    command: { command: 'incusSnapshots.showRemoteProblem', title: vscode.l10n.t('Show What Is Wrong') },
    expandable: false,
  };
}

export function projectRow(project: string, count: ShownCount): Row {
  const description = instanceCount(count);
  return {
    label: oneLine(project),
    description,
    iconPath: new vscode.ThemeIcon('project'),
    contextValue: 'project',
    accessibilityInformation: { label: vscode.l10n.t('Project {0}, {1}', oneLine(project), description) },
    expandable: true,
  };
}

/** How many instances there are, and how many of them are shown. */
function instanceCount({ shown, all }: ShownCount): string {
  if (shown !== all) return vscode.l10n.t('{0} of {1} instances', shown, all);
  return all === 1 ? vscode.l10n.t('1 instance') : vscode.l10n.t('{0} instances', all);
}

/**
 * @param busy an action is at work on it
 * @param drill the last recovery drill, where it is a mirror
 */
export function instanceRow(entry: InstanceEntry, busy: boolean, drill: DrillResult | undefined): Row {
  const { instance, details } = entry;
  const { ref } = instance;
  const known = details === 'pending' ? undefined : (snapshotCount(entry) ?? vscode.l10n.t('snapshots not known'));
  const schedule = scheduleWords(instance);
  const description = joined([
    stateWord(instance),
    known,
    schedule,
    instance.location,
    instance.ephemeral ? vscode.l10n.t('ephemeral') : undefined,
    isTemporary(instance) ? vscode.l10n.t('temporary copy') : undefined,
    standsFor(instance) ? vscode.l10n.t('stands in for its original') : undefined,
  ]);
  return {
    label: ref.instance,
    description,
    tooltip: instanceTooltip(instance, known, schedule, drill),
    iconPath: busy ? new vscode.ThemeIcon('loading~spin') : instanceIcon(instance),
    contextValue: instanceContext(instance, busy),
    accessibilityInformation: { label: `${typeWord(instance)} ${ref.instance}, ${description}` },
    expandable: countOf(entry) !== 0,
  };
}

function instanceTooltip(
  instance: Instance,
  known: string | undefined,
  schedule: string | undefined,
  drill: DrillResult | undefined,
) {
  const raw = instance.expandedConfig['snapshots.schedule'];
  const expiry = instance.expandedConfig['snapshots.expiry'];
  return tooltip(instance.ref.instance, [
    joined([typeWord(instance), stateWord(instance), instance.architecture]),
    instance.description,
    instance.location === undefined ? undefined : vscode.l10n.t('On cluster member {0}', instance.location),
    known,
    schedule === undefined || raw === undefined
      ? vscode.l10n.t('No schedule')
      : vscode.l10n.t('Schedule: {0} ({1})', schedule, raw),
    expiry === undefined || expiry === '' ? undefined : vscode.l10n.t('Snapshots expire after {0}', expiry),
    Number.isNaN(instance.createdAt.getTime())
      ? undefined
      : vscode.l10n.t('Created {0}', exactTime(instance.createdAt)),
    vscode.l10n.t('Profiles: {0}', instance.profiles.join(', ')),
    instance.ephemeral ? vscode.l10n.t('Ephemeral: Incus deletes it when it stops.') : undefined,
    isTemporary(instance) ? vscode.l10n.t('Made by this extension for a short time, to be removed again.') : undefined,
    drill ? vscode.l10n.t('Last recovery drill: {0}', drillWords(drill, new Date())) : undefined,
  ]);
}

function instanceIcon(instance: Instance): vscode.ThemeIcon {
  const container = instance.type === 'container';
  switch (instance.status) {
    case 'Running':
      return new vscode.ThemeIcon(container ? 'package' : 'vm-running', new vscode.ThemeColor('charts.green'));
    case 'Frozen':
      return new vscode.ThemeIcon(container ? 'debug-pause' : 'vm-active', new vscode.ThemeColor('charts.blue'));
    case 'Error':
      return new vscode.ThemeIcon('error', new vscode.ThemeColor('list.errorForeground'));
    default:
      return new vscode.ThemeIcon(container ? 'package' : 'vm', new vscode.ThemeColor('disabledForeground'));
  }
}

/** Words that the menus in package.json ask for. */
function instanceContext(instance: Instance, busy: boolean): string {
  const words = [
    'instance',
    instance.type,
    canStart(instance) && 'canStart',
    canStop(instance) && 'canStop',
    canRestart(instance) && 'canRestart',
    canOpenShell(instance) && 'canOpenShell',
    busy && 'busy',
    mirrorSourceOf(instance) !== undefined && 'mirror',
    standsFor(instance) !== undefined && 'standsIn',
    isTemporary(instance) && 'temporary',
  ];
  return words.filter((word) => word !== false).join(';');
}

/** @param pinned pruning leaves it alone */
export function snapshotRow(snapshot: Snapshot, now: Date, pinned = false): Row {
  const label = oneLine(snapshot.ref.snapshot);
  if (snapshot.pending) return pendingRow(label);
  const description = joined([
    relativeTime(snapshot.createdAt, now),
    expiryWords(snapshot, now),
    pinned ? vscode.l10n.t('pinned') : undefined,
    snapshot.stateful ? vscode.l10n.t('stateful') : undefined,
  ]);
  const usable = checkSnapshotUse(snapshot.ref.snapshot, 'rename') === undefined;
  return {
    label,
    description,
    tooltip: tooltip(label, [
      snapshot.description,
      vscode.l10n.t('Taken {0}', exactTime(snapshot.createdAt)),
      snapshot.expiresAt ? vscode.l10n.t('Expires {0}', exactTime(snapshot.expiresAt)) : vscode.l10n.t('Never expires'),
      snapshot.stateful ? vscode.l10n.t('Holds the memory as well (stateful)') : undefined,
      usable
        ? undefined
        : vscode.l10n.t('Incus would take this name for something else: some actions are refused for safety.'),
    ]),
    iconPath: pinned ? new vscode.ThemeIcon('pinned') : snapshotIcon(snapshot),
    contextValue: ['snapshot', snapshot.stateful && 'stateful', pinned && 'pinned'].filter(Boolean).join(';'),
    accessibilityInformation: { label: vscode.l10n.t('Snapshot {0}, {1}', label, description) },
    expandable: false,
  };
}

function snapshotIcon({ stateful }: Snapshot): vscode.ThemeIcon {
  return new vscode.ThemeIcon(stateful ? 'save-all' : 'device-camera');
}

/** A snapshot in the making: nothing can be done with it yet. */
function pendingRow(label: string): Row {
  const description = vscode.l10n.t('being made…');
  return {
    label,
    description,
    iconPath: new vscode.ThemeIcon('loading~spin'),
    contextValue: 'pending',
    accessibilityInformation: { label: vscode.l10n.t('Snapshot {0}, {1}', label, description) },
    expandable: false,
  };
}

export function noteRow(note: Note): Row {
  const rows: Record<Note, { text: string; icon: string }> = {
    noInstances: { text: vscode.l10n.t('No instances'), icon: 'info' },
    noneFits: { text: vscode.l10n.t('No instance fits the filter'), icon: 'filter' },
    noInstancesVisible: { text: vscode.l10n.t('None visible: the access of this client may be limited'), icon: 'lock' },
    loading: { text: vscode.l10n.t('Loading…'), icon: 'loading~spin' },
    snapshotsUnknown: {
      text: vscode.l10n.t('The snapshots are not known: the server did not tell them'),
      icon: 'question',
    },
  };
  const { text, icon } = rows[note];
  return {
    label: '',
    description: text,
    iconPath: new vscode.ThemeIcon(icon),
    contextValue: 'note',
    expandable: false,
  };
}

/** A row that says something more: behind its name, and in its tooltip. */
export function withWords(row: Row, words: string | undefined, more: string | undefined): Row {
  const description = [row.description, words].filter((part) => typeof part === 'string' && part !== '').join(' · ');
  const { label = '' } = row.accessibilityInformation ?? {};
  return {
    ...row,
    description,
    ...(words !== undefined && { accessibilityInformation: { label: `${label}, ${words}` } }),
    ...(more !== undefined && row.tooltip instanceof vscode.MarkdownString && { tooltip: withLine(row.tooltip, more) }),
  };
}

function withLine(tooltip: vscode.MarkdownString, line: string): vscode.MarkdownString {
  return new vscode.MarkdownString(tooltip.value).appendMarkdown('\n\n').appendText(line);
}

/** All that is to be seen of a row. */
export function lookOf({ tooltip, iconPath, ...row }: Row): string {
  const icon = iconPath instanceof vscode.ThemeIcon ? [iconPath.id, iconPath.color?.id] : [];
  return JSON.stringify([row, icon, tooltip instanceof vscode.MarkdownString ? tooltip.value : tooltip]);
}
