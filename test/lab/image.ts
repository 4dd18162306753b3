/**
 * An Incus image made of nothing but the machine's static busybox, so that no image server is needed.
 * The same busybox always gives the same bytes, hence the same fingerprint.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { mustRun } from './process.ts';

const BUSYBOX = '/bin/busybox';

/**
 * The first process of a container. Busybox's own init takes 2.5 s to halt (it waits a second after each of its two
 * rounds of signals); this one obeys Incus's halt signal (SIGPWR) at once, restarts on `reboot`, and collects orphans.
 */
const INIT = `#!/bin/sh
trap 'poweroff -f' PWR USR1 USR2
trap 'reboot -f' TERM INT
[ -r /etc/hostname ] && hostname -F /etc/hostname
while :; do sleep 2147483 & wait; done
`;

const PROFILE = `export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PS1='\\u@\\h:\\w\\$ '
`;

/** Seconds since 1970; fixed, because the image must not depend on when it is made. */
const MADE_AT = 1_700_000_000;

type Entry = { path: string; mode: number } & (
  { kind: 'file'; content: Buffer | string } | { kind: 'folder' } | { kind: 'link'; target: string }
);

const FOLDERS =
  'bin dev etc home mnt opt proc root run sbin srv sys tmp usr usr/bin usr/sbin usr/local usr/local/bin var var/log var/tmp';

const ARCHITECTURES: Record<string, string> = { x64: 'x86_64', arm64: 'aarch64' };

/** Writes the image as a tarball that `incus image import` takes. */
export async function writeImage(file: string): Promise<void> {
  const applets = (await mustRun([BUSYBOX, '--list-full'])).split('\n').filter(Boolean);
  const version = /v(\d+\.\d+)/.exec(await mustRun([BUSYBOX, '--help']))?.[1] ?? 'unknown';
  writeFileSync(file, tarball([...metadata(version), ...rootfs(applets)]));
}

function metadata(version: string): Entry[] {
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  const content = [
    `architecture: ${architecture}`,
    `creation_date: ${MADE_AT}`,
    'properties:',
    `  architecture: ${architecture}`,
    `  description: BusyBox ${version}`,
    '  os: BusyBox',
    `  release: "${version}"`,
    '',
  ].join('\n');
  return [{ kind: 'file', path: 'metadata.yaml', mode: 0o644, content }];
}

function rootfs(applets: readonly string[]): Entry[] {
  const text = (path: string, content: string, mode = 0o644): Entry => ({ kind: 'file', path, mode, content });
  const entries: Entry[] = [
    ...FOLDERS.split(' ').map((path): Entry => ({ kind: 'folder', path, mode: path.endsWith('tmp') ? 0o1777 : 0o755 })),
    { kind: 'file', path: 'bin/busybox', mode: 0o755, content: readFileSync(BUSYBOX) },
    text('sbin/init', INIT, 0o755),
    text('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'),
    text('etc/group', 'root:x:0:\nnogroup:x:65534:\n'),
    text('etc/shadow', 'root::19000:0:99999:7:::\n', 0o600),
    text('etc/shells', '/bin/sh\n'),
    text('etc/hosts', '127.0.0.1 localhost\n'),
    text('etc/profile', PROFILE),
  ];
  const taken = new Set(entries.map((entry) => entry.path));
  const parents = new Set(FOLDERS.split(' '));
  for (const path of applets) {
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (!taken.has(path) && parents.has(parent))
      entries.push({ kind: 'link', path, mode: 0o777, target: '/bin/busybox' });
  }
  return entries.map((entry) => ({ ...entry, path: `rootfs/${entry.path}` }));
}

function tarball(entries: readonly Entry[]): Buffer {
  const blocks: Buffer[] = [];
  for (const entry of entries) {
    const content = entry.kind === 'file' ? Buffer.from(entry.content) : Buffer.alloc(0);
    blocks.push(tarHeader(entry, content.length), content, Buffer.alloc((512 - (content.length % 512)) % 512));
  }
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** One header of the POSIX ustar format. */
function tarHeader(entry: Entry, size: number): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, offset: number, length: number) =>
    header.write(value.toString(8).padStart(length - 1, '0'), offset, 'ascii');
  header.write(entry.kind === 'folder' ? `${entry.path}/` : entry.path, 0, 100, 'utf8');
  octal(entry.mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(MADE_AT, 136, 12);
  header.write('        ', 148, 'ascii');
  header.write({ file: '0', link: '2', folder: '5' }[entry.kind], 156, 'ascii');
  if (entry.kind === 'link') header.write(entry.target, 157, 100, 'utf8');
  header.write('ustar\u000000', 257, 'ascii');
  header.write('root', 265, 'ascii');
  header.write('root', 297, 'ascii');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'ascii');
  return header;
}
