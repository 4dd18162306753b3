import * as vscode from 'vscode';
import type { Instance, InstanceRef, Snapshot } from '../../core/model.ts';
import { type Group, memberName } from '../../core/policy/groups/group.ts';
import type { SnapshotSet } from '../../core/policy/groups/sets.ts';
import { oneLine } from '../tree/items.ts';
import { exactTime, relativeTime, stateWord } from '../tree/wording.ts';

function warning(icon: string): vscode.ThemeIcon {
  return new vscode.ThemeIcon(icon, new vscode.ThemeColor('list.warningForeground'));
}

/** Milliseconds from which on it is told how far the parts of a set lie apart. */
const TOLD = 5_000;

export function memberCount(count: number): string {
  if (count === 0) return vscode.l10n.t('no members');
  return count === 1 ? vscode.l10n.t('1 member') : vscode.l10n.t('{0} members', count);
}

function setCount(count: number): string {
  if (count === 0) return vscode.l10n.t('no common snapshots');
  return count === 1 ? vscode.l10n.t('1 common snapshot') : vscode.l10n.t('{0} common snapshots', count);
}

/** Milliseconds as people say it: `0.4 s`. */
export function secondsWords(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  const format = new Intl.NumberFormat(vscode.env.language, { maximumFractionDigits: seconds < 10 ? 1 : 0 });
  return vscode.l10n.t('{0} s', format.format(seconds));
}

/** The selector, as it would be typed. */
function labelWords({ matchLabels }: Group): string {
  return Object.entries(matchLabels)
    .map(([key, value]) => `${oneLine(key)}=${oneLine(value)}`)
    .join(', ');
}

/** What a row says behind its name, and all that makes it look as it does. */
export interface GroupItem {
  readonly label: string;
  readonly description: string;
  readonly icon: vscode.ThemeIcon;
  readonly context: string;
  readonly expandable: boolean;
  readonly tooltip?: readonly string[];
}

/** @param known whether its remote has answered */
export function groupItem(group: Group, known: boolean, members: readonly Instance[], sets: number): GroupItem {
  const place = oneLine(group.remote);
  return {
    label: oneLine(group.name),
    description: known
      ? [memberCount(members.length), members.length > 0 ? setCount(sets) : ''].filter(Boolean).join(' · ')
      : vscode.l10n.t('{0} has not answered', place),
    icon: known ? new vscode.ThemeIcon('group-by-ref-type') : warning('warning'),
    context: ['group', members.length > 0 ? 'members' : ''].filter(Boolean).join(';'),
    expandable: members.length > 0,
    tooltip: [
      vscode.l10n.t('Remote {0}, projects: {1}', place, group.projects.map(oneLine).join(', ')),
      vscode.l10n.t('Members have the labels {0}', labelWords(group)),
    ],
  };
}

export function membersItem(members: readonly Instance[]): GroupItem {
  return {
    label: vscode.l10n.t('Members'),
    description: memberCount(members.length),
    icon: new vscode.ThemeIcon('references'),
    context: 'members',
    expandable: true,
  };
}

export function memberItem(instance: Instance): GroupItem {
  return {
    label: memberName(instance.ref),
    description: stateWord(instance),
    icon: new vscode.ThemeIcon(instance.type === 'container' ? 'package' : 'vm'),
    context: 'member',
    expandable: false,
  };
}

export function setItem(set: SnapshotSet, now: Date): GroupItem {
  return {
    label: oneLine(set.name),
    description: [stateWords(set), relativeTime(set.createdAt, now)].join(' · '),
    icon: setIcon(set),
    context: ['set', set.state].join(';'),
    expandable: true,
    tooltip: [
      vscode.l10n.t('Taken {0}', exactTime(set.createdAt)),
      set.span > TOLD ? vscode.l10n.t('Its parts were taken within {0}', secondsWords(set.span)) : '',
    ].filter(Boolean),
  };
}

/** Whether a set is whole, or what is wrong with it. */
export function stateWords({ state, missing, unknown, span }: SnapshotSet): string {
  const names = (refs: readonly InstanceRef[]) => refs.map(memberName).join(', ');
  switch (state) {
    case 'complete':
      return span > TOLD ? vscode.l10n.t('complete, within {0}', secondsWords(span)) : vscode.l10n.t('complete');
    case 'incomplete':
      return vscode.l10n.t('missing: {0}', names(missing));
    case 'apart':
      return vscode.l10n.t('not one set: taken at different times');
    case 'pending':
      return vscode.l10n.t('being made…');
    case 'unknown':
      return vscode.l10n.t('not known: {0}', names(unknown));
  }
}

function setIcon({ state }: SnapshotSet): vscode.ThemeIcon {
  switch (state) {
    case 'complete':
      return new vscode.ThemeIcon('pass', new vscode.ThemeColor('charts.green'));
    case 'pending':
      return new vscode.ThemeIcon('loading~spin');
    case 'unknown':
      return new vscode.ThemeIcon('question');
    case 'incomplete':
    case 'apart':
      return warning('warning');
  }
}

/** @param part the snapshot; `undefined`: this member has none of that name */
export function partItem(ref: InstanceRef, part: Snapshot | undefined, now: Date): GroupItem {
  return {
    label: memberName(ref),
    description: part
      ? part.pending
        ? vscode.l10n.t('being made…')
        : relativeTime(part.createdAt, now)
      : vscode.l10n.t('has no snapshot of this name'),
    icon: part ? new vscode.ThemeIcon('device-camera') : warning('circle-slash'),
    context: 'part',
    expandable: false,
    ...(part && { tooltip: [vscode.l10n.t('Taken {0}', exactTime(part.createdAt))] }),
  };
}

export function unreadItem(count: number): GroupItem {
  return {
    label: '',
    description: vscode.l10n.t('Groups in the settings that cannot be read: {0}', count),
    icon: warning('warning'),
    context: 'unread',
    expandable: false,
  };
}
