/** The part of the guard that is about mirrors: a refresh overwrites an instance, so it has to say whose mirror it is. */
import type { Flags, Refusal } from './allowed.ts';
import { isTemporaryName, TEMPORARY_KEY } from '../temporary.ts';
import { incomingName, isAsideName, isIncomingName, isReplacedName } from '../mirror/mirrorNames.ts';
import { SOURCE_KEY } from '../mirror/mirrorKeys.ts';

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
    isSentFor(instance ?? '', nameIn(source), nameIn(target), said) &&
    rest.length === 0;
  if (!isItsMirror) return { reason: 'config', argument: SOURCE_KEY };
  if (said.get('boot.autostart') !== 'false') return { reason: 'config', argument: 'boot.autostart' };
  // A first mirror that breaks off has to be deleted before the next attempt.
  const protection = isIncomingName(nameIn(target)) ? 'false' : 'true';
  if (said.get('security.protection.delete') !== protection) {
    return { reason: 'config', argument: 'security.protection.delete' };
  }
  if (!['', '@never'].includes(said.get('snapshots.schedule') ?? 'as it is')) {
    return { reason: 'config', argument: 'snapshots.schedule' };
  }
  const isSamePlace = !flags.has('--target-project') || flags.get('--target-project')?.[0] === project;
  return source === target && isSamePlace ? { reason: 'instance', argument: target } : undefined;
}

/** Whether what is sent is the instance itself, or a temporary copy of it that becomes a first mirror of it. */
function isSentFor(instance: string, source: string, target: string, said: ReadonlyMap<string, string>): boolean {
  if (instance === source) return true;
  return isTemporaryName(source) && target === incomingName(instance) && said.get(TEMPORARY_KEY) === '';
}

/**
 * Whether an instance may be copied whole on its server, to a name that is free: to a temporary copy that says it is one,
 * or from what arrived, or was set aside, to what it is a copy of. The copy does not start by itself.
 * @param target without its remote
 */
export function wholeCopyRefusal(source: string, target: string, flags: Flags): Refusal | undefined {
  const said = flags.get('-c') ?? [];
  if (flags.has('--refresh') || flags.has('--mode') || flags.has('--target-project') || flags.has('-d')) {
    return { reason: 'flag', argument: 'copy' };
  }
  if (isTemporaryName(target)) {
    const isMarked = said.some(
      (pair) => pair.startsWith(`${TEMPORARY_KEY}=`) && pair.length > TEMPORARY_KEY.length + 1,
    );
    return isMarked && said.includes('boot.autostart=false')
      ? undefined
      : { reason: 'config', argument: TEMPORARY_KEY };
  }
  const isOf = (isIncomingName(source) && source === incomingName(target)) || isReplacedName(source);
  return isOf && !isIncomingName(target) && !isReplacedName(target)
    ? undefined
    : { reason: 'instance', argument: source };
}

function nameIn(named: string): string {
  return named.slice(named.indexOf(':') + 1);
}

function keyIn(pair: string): string {
  return pair.slice(0, pair.indexOf('='));
}

/**
/**
 * Whether an instance may be given another name: a mirror that is whole, one that it replaces, what a backup file made
 * that is whole, an original that is set aside or comes back.
 */
export function mayBeNamed(from: string, to: string): boolean {
  const isWhole = (isIncomingName(from) && !isIncomingName(to)) || (isTemporaryName(from) && !isTemporaryName(to));
  return isWhole || isAsideName(from) || isAsideName(to) || isReplacedName(to);
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
