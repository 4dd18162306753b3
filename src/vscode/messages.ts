import { l10n } from 'vscode';
import type { IncusError } from '../core/incus/errors.ts';
import type { RemoteProblem } from '../core/inventory/inventory.ts';

/** What happened and what to do, as one or two sentences. Incus' own words stand in the log. */
export function describeError(error: IncusError): string {
  const known =
    programError(error) ?? serverError(error) ?? thingError(error) ?? mirrorError(error) ?? fileError(error);
  return known ?? l10n.t('Incus says: {0}', firstLine(error.text));
}

function programError({ kind, text }: IncusError): string | undefined {
  switch (kind) {
    case 'noProgram':
      return l10n.t('The program "incus" was not found. Install the Incus client, or set its path in the settings.');
    case 'badProgram':
      return l10n.t(
        'The path in "incusSnapshots.cliPath" is not a program that can be run. Correct it in the settings.',
      );
    case 'refusedCommand':
      return l10n.t('The command was not run, because it is not one that this extension may run. Please report this.');
    case 'timedOut':
      return l10n.t('The server did not answer in time. It may still be at work: refresh to see what became of it.');
    case 'system':
      return l10n.t('The system refused: {0}', firstLine(text));
    case 'garbage':
      return l10n.t('The answer could not be understood. Check that "incusSnapshots.cliPath" is the Incus client.');
    case 'configBeingWritten':
      return l10n.t(
        'The configuration of the Incus client is empty, or is just being written. Nothing was changed; try again, and if that does not help, look at its config.yml.',
      );
    case 'cancelled':
      return l10n.t('Cancelled. Nothing was changed.');
    case 'unsafeName':
      return l10n.t(
        'Incus would take the name {0} for something else, and could hit another snapshot. Nothing was done; rename it on the server first.',
        JSON.stringify(text.slice(0, text.lastIndexOf(':'))),
      );
    default:
      return undefined;
  }
}

function serverError({ kind }: IncusError): string | undefined {
  switch (kind) {
    case 'noSuchRemote':
      return l10n.t('The client has no such remote any more. Refresh the view.');
    case 'daemonDown':
      return l10n.t('The Incus daemon on this machine is not running. Start it (systemctl start incus), then refresh.');
    case 'connectionRefused':
      return l10n.t(
        'The server refused the connection. Check that Incus runs there and that no firewall is in the way.',
      );
    case 'hostUnknown':
      return l10n.t("The server's name is not known. Check the remote's address and your DNS or /etc/hosts.");
    case 'unreachable':
      return l10n.t('The server cannot be reached. Check the network, then refresh.');
    case 'certificateChanged':
      return l10n.t(
        "The server's certificate is not the one that this client trusts. If that is expected, remove the remote and add it again.",
      );
    case 'noClientCertificate':
      return l10n.t('This client has no certificate yet. Add the remote with a token: incus remote add NAME TOKEN.');
    case 'untrusted':
      return l10n.t(
        'The server does not trust this client for that. Create a token there (incus config trust add NAME), then add the remote again with it.',
      );
    case 'tokenRefused':
      return l10n.t(
        'The server does not take the token: it is used, or has expired. Create another one there (incus config trust add NAME).',
      );
    case 'otherServer':
      return l10n.t(
        'The server at that address is not the one that made the token: its certificate is another one. Nothing was changed; find out who answers there.',
      );
    case 'forbiddenProject':
      return l10n.t(
        'This client is not allowed into that project. Ask for access: incus config trust edit, on the server.',
      );
    case 'memberDown':
      return l10n.t('The cluster member that holds it is down. Nothing was changed; try again when it is back.');
    default:
      return undefined;
  }
}

function thingError({ kind, text }: IncusError): string | undefined {
  switch (kind) {
    case 'instanceMissing':
      return l10n.t('The instance is gone from the server. Refresh the view.');
    case 'snapshotMissing':
      return l10n.t('The snapshot is gone from the server. Refresh the view.');
    case 'projectMissing':
      return l10n.t('The project is gone from the server. Refresh the view.');
    case 'exists':
      return l10n.t('The name is taken. Nothing was changed; choose another name.');
    case 'busy':
      return l10n.t('The instance is busy with something else. Nothing was changed; try again when that has ended.');
    case 'running':
      return l10n.t('The instance is running. Stop it first, then try again.');
    case 'notRunning':
      return l10n.t('The instance is not running. Start it first, then try again.');
    case 'protected':
      return l10n.t('The instance is protected. Take the protection away (incus config unset), then try again.');
    case 'ephemeral':
      return l10n.t(
        'The instance is ephemeral: Incus would delete it and its snapshots when it stops. It was left running.',
      );
    case 'diskFull':
      return l10n.t(
        'There is no space left on the storage pool. Delete snapshots or enlarge the pool, then try again.',
      );
    case 'statefulImpossible':
      return l10n.t(
        'The memory cannot be saved or restored here: it needs migration.stateful=true, and CRIU for containers. Try without it.',
      );
    case 'freezeFailed':
      return l10n.t('Incus could not freeze the instance for the snapshot. None was made; try again or stop it first.');
    case 'newerSnapshots':
      return l10n.t(
        'The storage pool restores only the newest snapshot. Create an instance from this snapshot instead.',
      );
    case 'profileMissing':
      return l10n.t('A profile that the instance needs is missing on the server. Create it, then try again.');
    case 'poolMissing':
      return l10n.t('A storage pool that the instance needs is missing on the server. Create it, then try again.');
    case 'volumeMissing':
      return l10n.t('The volume or its snapshot is gone from the server. Refresh the view.');
    case 'dependentVolume':
      return l10n.t('The volume goes with its instance: Incus snapshots and restores them together only.');
    case 'volumeInUse':
      return l10n.t('The volume is used by running instances. Stop them first, then try again.');
    case 'stopTimedOut':
      return l10n.t('The instance did not shut down in time and was left running. Stop it from inside, or force it.');
    case 'badName':
      return l10n.t('Incus does not accept the name. Nothing was changed. It says: {0}', firstLine(text));
    case 'changedMeanwhile':
      return l10n.t('It was changed by someone else in the meantime. Nothing was done; look again and repeat.');
    case 'limitReached':
      return l10n.t('A limit of the project is reached. Incus says: {0}', firstLine(text));
    default:
      return undefined;
  }
}

function mirrorError({ kind, text }: IncusError): string | undefined {
  switch (kind) {
    case 'copyInterrupted':
      return l10n.t(
        'An earlier copy of the instance broke off and is still being cleared away. Try again in half a minute.',
      );
    case 'mirrorBlocked':
      return l10n.t('Something stands against mirroring it by now. Nothing was done; mirror it again to see what.');
    case 'mirrorParted':
      return l10n.t(
        'Incus finds no snapshot on the mirror that it could build on. The original is as it was. Mirror it again: what is there is kept under another name, and another mirror is made. If that comes every time, the snapshots of the original came from another server: copy it on its own (incus copy), and mirror the copy.',
      );
    case 'notVerified':
      return l10n.t(
        'What arrived is not what was sent, so it does not count as mirrored ({0}). Mirror it again.',
        firstLine(text),
      );
    default:
      return undefined;
  }
}

function fileError({ kind, text }: IncusError): string | undefined {
  switch (kind) {
    case 'fileExists':
      return l10n.t('There is a file already: {0}. It was left as it was; choose another name.', text);
    case 'folderRefused':
      return l10n.t('The file cannot be read or written there: {0}. Check the folder and its permissions.', text);
    case 'folderFull':
      return l10n.t('There is no space left for {0}. Nothing of it was kept; make room, or choose another disk.', text);
    case 'packingMissing':
      return l10n.t(
        'The server lacks the program for that packing. Nothing was kept; choose gzip, or install it there.',
      );
    case 'backupDamaged':
      return damageWords(text);
    default:
      return undefined;
  }
}

/** @param problem a `BackupProblem` */
function damageWords(problem: string): string {
  switch (problem) {
    case 'cutOff':
      return l10n.t('The backup file is damaged: it ends too early. Nothing was changed; fetch or make it again.');
    case 'otherSum':
      return l10n.t(
        'The backup file is not the one that the checksum beside it was made of. Nothing was changed; fetch it again.',
      );
    case 'incomplete':
      return l10n.t('The backup file does not hold all that it should. Nothing was changed; make it again.');
    case 'notABackup':
      return l10n.t('That is no backup file of Incus. Nothing was changed; choose another file.');
    case 'isInstance':
      return l10n.t('The backup file holds an instance, not a volume. Nothing was changed; choose another file.');
    case 'isVolume':
      return l10n.t('The backup file holds a volume, not an instance. Nothing was changed; choose another file.');
    default:
      return l10n.t('The backup file is damaged. Nothing was changed; fetch or make it again.');
  }
}

/** Which of the things that can be wrong with a remote it is, short enough for a row. */
export function describeProblem(problem: RemoteProblem): string {
  switch (problem) {
    case 'down':
      return l10n.t('down');
    case 'hangs':
      return l10n.t('does not answer');
    case 'untrusted':
      return l10n.t('does not trust this client');
    case 'badName':
      return l10n.t('name cannot be used');
    case 'odd':
      return l10n.t('answers in a way that is not understood');
  }
}

/** The first line of Incus' own words, ended as a sentence: others may follow it. */
function firstLine(text: string): string {
  const line = (text.split('\n', 1)[0] ?? text).trimEnd();
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
