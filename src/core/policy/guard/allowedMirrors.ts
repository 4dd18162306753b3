/** The part of the guard that is about mirrors: a refresh overwrites an instance, so it has to say whose mirror it is. */
import type { Flags, Refusal } from './allowed.ts';
import { isAsideName } from '../mirror/failover.ts';
import { isIncomingName } from '../mirror/mirror.ts';
import { SOURCE_KEY } from '../mirror/mirrorKeys.ts';
import { isTemporaryName } from '../temporary.ts';

/**
 * Why a refresh must not be run; `undefined`: it may. Whoever builds it must say in the same argv whose mirror the target
 * is (this source's, by its project and its name), that it does not start or take snapshots by itself, and that it is
 * protected against deletion, unless it gets its name only when it is whole; nothing is said twice.
 * @param names two, of instances
 */
export function mirrorCopyRefusal(names: readonly string[], flags: Flags): Refusal | undefined {
  const [source = '', target = ''] = names;
  const pairs = flags.get('-c') ?? [];
  const said = new Map(pairs.map((pair) => [keyIn(pair), pair.slice(keyIn(pair).length + 1)]));
  if (said.size !== pairs.length) return { reason: 'config', argument: '-c' };
  const [fingerprint = '', project, instance, ...rest] = (said.get(SOURCE_KEY) ?? '').split('/');
  const isItsMirror =
    /^[0-9a-f]{64}$/.test(fingerprint) &&
    project === flags.get('--project')?.[0] &&
    instance === source.slice(source.indexOf(':') + 1) &&
    rest.length === 0;
  if (!isItsMirror) return { reason: 'config', argument: SOURCE_KEY };
  if (said.get('boot.autostart') !== 'false') return { reason: 'config', argument: 'boot.autostart' };
  // A first mirror that breaks off has to be deleted before the next attempt.
  const protection = isIncomingName(target.slice(target.indexOf(':') + 1)) ? 'false' : 'true';
  if (said.get('security.protection.delete') !== protection) {
    return { reason: 'config', argument: 'security.protection.delete' };
  }
  if (!['', '@never'].includes(said.get('snapshots.schedule') ?? 'as it is')) {
    return { reason: 'config', argument: 'snapshots.schedule' };
  }
  const isSamePlace = !flags.has('--target-project') || flags.get('--target-project')?.[0] === project;
  return source === target && isSamePlace ? { reason: 'instance', argument: target } : undefined;
}

function keyIn(pair: string): string {
  return pair.slice(0, pair.indexOf('='));
}

/**
 * Whether an instance may be given another name: a mirror that is whole, what a backup file made that is whole, an
 * original that is set aside or comes back.
 */
export function mayBeNamed(from: string, to: string): boolean {
  const isWhole = (isIncomingName(from) && !isIncomingName(to)) || (isTemporaryName(from) && !isTemporaryName(to));
  return isWhole || isAsideName(from) || isAsideName(to);
}

/**
 * Whether what protects an instance may be set so. That it starts by itself or can be deleted is said only where it is
 * said as well whose mirror it is, or that it is none: in a failover, and on the way back.
 * @param all that is set in the same call
 */
export function isProtectionSetting(pair: string, all: readonly string[]): boolean {
  if (pair === 'boot.autostart=false' || pair === 'security.protection.delete=true') return true;
  const isProtection = /^(?:boot\.autostart|security\.protection\.(?:delete|start))=(?:true|false|\d+|)$/.test(pair);
  return isProtection && all.some((one) => one.startsWith(`${SOURCE_KEY}=`));
}
