/**
 * Incus 7.0 on a machine whose own Incus is 6.0: a Debian 13 in a folder, with Incus from its backports.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { deb822, debianEntry } from './debian.mjs';
import { root70Folder } from './places.mjs';
import { asRoot, must, say, writeAsRoot } from './run.mjs';

const RELEASE = 'trixie';
const SUITE = `${RELEASE}-backports`;

/** Makes the folder, unless it is there. It appears under its name only when it is complete. */
export async function makeRoot70() {
  const root = root70Folder();
  if (existsSync(root)) return;
  await removeParts(root);
  const part = `${root}.part-${process.pid}`;
  const what = 'Incus 7.0';
  const { uris } = debianEntry();
  say(`making a Debian 13 with Incus 7.0 in ${root} (a minute)`);
  await must(what, asRoot(['mkdir', '-p', part]));
  // What debootstrap mounts must not outlive it, hence a mount namespace.
  const isolated = ['unshare', '--mount', '--propagation', 'private', '--'];
  const options = ['--variant=minbase', '--include=ca-certificates'];
  await must(what, asRoot([...isolated, 'debootstrap', ...options, RELEASE, part, uris[0]]));
  // That Debian has its own keys, which apt there uses without being told.
  await writeAsRoot(join(part, 'etc/apt/sources.list.d', `${SUITE}.sources`), deb822({ uris, suite: SUITE }), '644');
  // Packages must not start services in there.
  await writeAsRoot(join(part, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', '755');
  const inside = (...argv) =>
    must(what, asRoot([...isolated, 'chroot', part, 'env', 'DEBIAN_FRONTEND=noninteractive', ...argv]));
  await inside('apt-get', '-q', 'update');
  const packages = ['incus-base', 'incus-client', 'btrfs-progs'];
  await inside('apt-get', '-q', 'install', '--yes', '--no-install-recommends', '--target-release', SUITE, ...packages);
  await inside('apt-get', 'clean');
  await must(what, asRoot(['mv', '--no-target-directory', part, root]));
}

/** What setups have left that were interrupted. */
async function removeParts(root) {
  if (!existsSync(dirname(root))) return;
  for (const name of readdirSync(dirname(root)).filter((one) => one.startsWith(`${basename(root)}.part-`))) {
    await must('room for Incus 7.0', asRoot(['rm', '-rf', '--one-file-system', '--', join(dirname(root), name)]));
  }
}
