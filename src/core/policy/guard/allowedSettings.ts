/** Which keys may be set: one `key=value` at a time. A value of `-` would be read from stdin. */
import { isLabelSetting } from '../groups/group.ts';
import { OWN_PREFIX } from '../mirror/mirrorKeys.ts';

/** `snapshots.x=value`. */
export function isScheduleSetting(pair: string): boolean {
  return /^snapshots\.[a-z.]+=(?!-$)/.test(pair);
}

/** What may be set on an instance: schedules, our own marks, and the labels of groups. */
export function isInstanceSetting(pair: string): boolean {
  return isScheduleSetting(pair) || isOwnSetting(pair) || isLabelSetting(pair);
}

/** A key of ours on an instance, which no program but this one reads. */
function isOwnSetting(pair: string): boolean {
  if (pair === 'security.protection.delete=true') return true;
  return pair.startsWith(OWN_PREFIX) && /^[a-z0-9._-]+=(?!-$)/.test(pair);
}

/** What a copy may be given. */
export function isCopySetting(pair: string): boolean {
  if (isScheduleSetting(pair)) return true;
  return /^(?:boot\.autostart|security\.protection\.(?:delete|start)|user\.[a-z0-9._-]+)=/.test(pair);
}
