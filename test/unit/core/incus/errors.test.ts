import { describe, expect, it } from 'vitest';
import { classify, errorTextOf, type IncusErrorKind } from '../../../../src/core/incus/errors.ts';

/** What both lines of Incus (6.0.4 and 7.0.2) and their clients were seen to say. */
const SAID: readonly (readonly [string, IncusErrorKind])[] = [
  ['Failed to fetch instance "x" in project "default": Instance not found', 'instanceMissing'],
  [
    'Failed to fetch snapshot "s" of instance "b1" in project "default": Instance_snapshot not found',
    'snapshotMissing',
  ],
  ['Snapshot b1/x does not exist', 'snapshotMissing'],
  [
    'Failed creating instance snapshot record "exp1": Add snapshot info to the database: Failed to create "instances_snapshots" entry: UNIQUE constraint failed: instances_snapshots.instance_id, instances_snapshots.name',
    'exists',
  ],
  ['Failed creating instance snapshot record "s": This "Instance_snapshot" entry already exists', 'exists'],
  ['Instance is busy running a "create" operation', 'busy'],
  ["Name 'b1/x1' already in use", 'exists'],
  [
    'Failed instance creation: Failed creating instance record: Failed to create "instances" entry: UNIQUE constraint failed: instances.project_id, instances.name',
    'exists',
  ],
  ['Instance "b1" already exists', 'exists'],
  ['The instance is currently running, stop it first or pass --force', 'running'],
  ['The instance c1 is currently running, stop it first or pass --force', 'running'],
  ['The instance is already running', 'running'],
  ['Instance is protected', 'protected'],
  ['Instance has delete protection enabled', 'protected'],
  ['Instance has startup protection enabled', 'protected'],
  ['The remote "x" doesn\'t exist', 'noSuchRemote'],
  [
    'Get "https://127.0.0.1:1/1.0": Unable to connect to: 127.0.0.1:1 ([dial tcp 127.0.0.1:1: connect: connection refused])',
    'connectionRefused',
  ],
  ['Get "https://nowhere:8443": dial tcp: lookup nowhere: no such host', 'hostUnknown'],
  ['tls: failed to verify certificate: x509: certificate signed by unknown authority', 'certificateChanged'],
  ['Missing TLS client certificate and key', 'noClientCertificate'],
  ['not authorized', 'untrusted'],
  [
    'Failed to load configuration: Unable to decode the configuration: yaml: no documents in stream',
    'configBeingWritten',
  ],
  ['User does not have permission for project "default"', 'forbiddenProject'],
  ['User does not have permissions for project "default"', 'forbiddenProject'],
  ["The incus daemon doesn't appear to be started (socket path: /x/unix.socket)", 'daemonDown'],
  ['Failed: write /x: No space left on device', 'diskFull'],
  ['Failed: write /x: no space left on device', 'diskFull'],
  ['Stateful snapshots require that the instance has migration.stateful be set to true', 'statefulImpossible'],
  ["Unable to create a stateful snapshot. CRIU isn't installed", 'statefulImpossible'],
  ['Create instance snapshot: freezing the container failed', 'freezeFailed'],
  [
    'Snapshot "x" cannot be restored due to subsequent snapshot(s). Set zfs.remove_snapshots to override',
    'newerSnapshots',
  ],
  ['Failed getting exclusive access to instance: Instance is running', 'running'],
  ['A matching non-reusable operation has now succeeded', 'busy'],
  ['Instance is busy running a "migrate" operation', 'busy'],
  ['The instance is already being migrated', 'busy'],
  ['Requested profile "pp" doesn\'t exist', 'profileMissing'],
  ['Storage pool not found', 'poolMissing'],
  ['Failed loading project: Project not found', 'projectMissing'],
  ["ETag doesn't match", 'changedMeanwhile'],
  ['Failed shutting down instance, status is "Running": context deadline exceeded', 'stopTimedOut'],
  ['Target cluster member is unavailable', 'memberDown'],
  ['Cannot restore custom volume used by running instances', 'volumeInUse'],
  ['Something that nobody has seen yet', 'other'],
];

describe('what Incus says', () => {
  it.each(SAID)('%s', (text, kind) => {
    expect(classify(text)).toBe(kind);
  });

  it('is found behind warnings and notes', () => {
    expect(errorTextOf('Warning: x\nError: Instance not found\nTry `incus info --show-log`\n')).toBe(
      'Instance not found\nTry `incus info --show-log`',
    );
    expect(errorTextOf('Error while executing alias expansion: incus x\nError: Instance not found')).toBe(
      'Instance not found',
    );
    expect(errorTextOf('no prefix at all')).toBe('no prefix at all');
  });
});
