import { memberKey, type MemberRef } from '../../core/policy/groups/member.ts';

/** Rows of the view of groups, as handles: what they say is asked of the board when they are drawn. */
export type GroupRow =
  | { readonly kind: 'group'; readonly id: string; readonly group: string }
  | { readonly kind: 'members'; readonly id: string; readonly group: string }
  | { readonly kind: 'member'; readonly id: string; readonly group: string; readonly ref: MemberRef }
  | { readonly kind: 'set'; readonly id: string; readonly group: string; readonly set: string }
  | {
      readonly kind: 'part';
      readonly id: string;
      readonly group: string;
      readonly set: string;
      readonly ref: MemberRef;
    }
  | { readonly kind: 'unread'; readonly id: string };

/** Names are encoded, so that none can forge another's id. */
const idOf = (...parts: string[]): string => parts.map((part) => encodeURIComponent(part.toWellFormed())).join(' ');

export function groupNode(group: string): GroupRow {
  return { kind: 'group', id: idOf('group', group), group };
}

export function membersNode(group: string): GroupRow {
  return { kind: 'members', id: idOf('members', group), group };
}

export function memberNode(group: string, ref: MemberRef): GroupRow {
  return { kind: 'member', id: idOf('member', group, memberKey(ref)), group, ref };
}

export function setNode(group: string, set: string): GroupRow {
  return { kind: 'set', id: idOf('set', group, set), group, set };
}

export function partNode(group: string, set: string, ref: MemberRef): GroupRow {
  return { kind: 'part', id: idOf('part', group, set, memberKey(ref)), group, set, ref };
}

/** Entries of the setting that cannot be read. */
export const UNREAD_NODE: GroupRow = { kind: 'unread', id: 'unread' };
