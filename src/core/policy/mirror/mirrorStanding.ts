/** How an instance stands with its mirror, by what is known of both without asking anybody. */
import type { Instance } from '../../model.ts';
import { compareSnapshots } from './compare.ts';
import { isMirrorOf, isParted, isUnfinished, type MirrorSource, mirrorSourceOf, verifiedAt } from './mirrorKeys.ts';

export type MirrorStanding =
  /** Nothing of that name is there. */
  | { readonly kind: 'none' }
  /** Something of that name is there, and is not its mirror. */
  | { readonly kind: 'foreign'; readonly of: MirrorSource | undefined }
  /** It is there; which snapshots it has, or its source, is not known. */
  | { readonly kind: 'unknown'; readonly verified: Date | undefined }
  /** The last run broke off: what it sent is in doubt. */
  | { readonly kind: 'unfinished'; readonly verified: Date | undefined }
  | {
      readonly kind: 'mirrored';
      readonly verified: Date | undefined;
      /** Snapshots that a run would send. */
      readonly missing: number;
      /** Snapshots that a run would delete. */
      readonly surplus: number;
      /** The next run makes another one, since none can build on it. */
      readonly isParted: boolean;
    };

/** @param mirror the instance of its name on the other side; `undefined`: none */
export function standingOf(
  source: Pick<Instance, 'snapshots'>,
  identity: MirrorSource,
  mirror: Instance | undefined,
): MirrorStanding {
  if (!mirror) return { kind: 'none' };
  if (!isMirrorOf(mirror, identity)) return { kind: 'foreign', of: mirrorSourceOf(mirror) };
  const verified = verifiedAt(mirror);
  if (isUnfinished(mirror)) return { kind: 'unfinished', verified };
  if (!source.snapshots || !mirror.snapshots) return { kind: 'unknown', verified };
  const { sent, deleted } = compareSnapshots(source.snapshots, mirror.snapshots);
  return { kind: 'mirrored', verified, missing: sent.length, surplus: deleted.length, isParted: isParted(mirror) };
}

/** Whether the last verified run is longer ago than it may be (milliseconds); never where nothing is mirrored. */
export function isLate(verified: Date | undefined, maxAge: number, now: Date): boolean {
  return verified !== undefined && maxAge > 0 && now.getTime() - verified.getTime() > maxAge;
}
