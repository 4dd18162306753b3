import * as vscode from 'vscode';
import { roughNumber } from '../formats.ts';
import type { Group } from '../../core/policy/groups/group.ts';
import { isVolumeRef, type Member, memberName, type MemberRef, type Part } from '../../core/policy/groups/member.ts';
import { isPending, type SnapshotSet } from '../../core/policy/groups/sets.ts';
import { joined, oneLine } from '../tree/items.ts';
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
  return vscode.l10n.t('{0} s', roughNumber(seconds));
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

/** @param known whether its remote has answered, and whether the volumes of that are known */
export function groupItem(
  group: Group,
  known: { readonly remote: boolean; readonly volumes: boolean },
  members: readonly Member[],
  sets: number,
): GroupItem {
  const place = oneLine(group.remote);
  return {
    label: oneLine(group.name),
    description: known.remote
      ? joined([
          memberCount(members.length),
          members.length > 0 ? setCount(sets) : undefined,
          known.volumes ? undefined : vscode.l10n.t('volumes not known'),
        ])
      : vscode.l10n.t('{0} has not answered', place),
    icon: known.remote ? new vscode.ThemeIcon('group-by-ref-type') : warning('warning'),
    context: ['group', members.length > 0 ? 'members' : ''].filter(Boolean).join(';'),
    expandable: members.length > 0,
    tooltip: [
      vscode.l10n.t('Remote {0}, projects: {1}', place, group.projects.map(oneLine).join(', ')),
      vscode.l10n.t('Members have the labels {0}', labelWords(group)),
      ...(group.attachedVolumes ? [vscode.l10n.t('Attached volumes are members too')] : []),
    ],
  };
}

export function membersItem(members: readonly Member[]): GroupItem {
  return {
    label: vscode.l10n.t('Members'),
    description: memberCount(members.length),
    icon: new vscode.ThemeIcon('references'),
    context: 'members',
    expandable: true,
  };
}

export function memberItem(member: Member): GroupItem {
  const isInstance = 'status' in member;
  return {
    label: oneLine(memberName(member.ref)),
    description: isInstance ? stateWord(member) : usersWords(member.usedBy.map(memberName)),
    icon: new vscode.ThemeIcon(isInstance ? (member.type === 'container' ? 'package' : 'vm') : 'database'),
    context: 'member',
    expandable: false,
  };
}

function usersWords(users: readonly string[]): string {
  return users.length === 0 ? vscode.l10n.t('not used') : vscode.l10n.t('used by {0}', users.join(', '));
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
  const names = (refs: readonly MemberRef[]) => oneLine(refs.map(memberName).join(', '));
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
      return unknown.length > 0 ? vscode.l10n.t('not known: {0}', names(unknown)) : vscode.l10n.t('volumes not known');
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
export function partItem(ref: MemberRef, part: Part | undefined, now: Date): GroupItem {
  return {
    label: oneLine(memberName(ref)),
    description: part
      ? isPending(part)
        ? vscode.l10n.t('being made…')
        : relativeTime(part.createdAt, now)
      : vscode.l10n.t('has no snapshot of this name'),
    icon: part ? new vscode.ThemeIcon(isVolumeRef(ref) ? 'database' : 'device-camera') : warning('circle-slash'),
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
