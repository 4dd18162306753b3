/** Incus 7.0 on a machine whose own Incus is 6.0: a Debian in a folder, made by `scripts/setup.mjs`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root70Folder } from '../../scripts/setup/places.mjs';

/** The folder of that Debian. */
export function rootOf70(): string {
  const root = root70Folder();
  if (!existsSync(join(root, 'usr/libexec/incus/incusd'))) {
    throw new Error('Incus 7.0 is not set up: run `node scripts/setup.mjs --incus 7.0`');
  }
  return root;
}

/** A program text that runs the 7.0 client with that Debian's own libraries, on the machine's own files. */
export function clientOf70(): string {
  const root = rootOf70();
  const loader = ['lib64/ld-linux-x86-64.so.2', 'lib/ld-linux-aarch64.so.1']
    .map((path) => join(root, path))
    .find(existsSync);
  if (loader === undefined) throw new Error(`no program loader in ${root}`);
  const libraries = ['x86_64-linux-gnu', 'aarch64-linux-gnu'].map((name) => join(root, 'usr/lib', name)).join(':');
  const quoted = [loader, '--library-path', libraries, '--argv0', 'incus', join(root, 'usr/bin/incus')].map(
    (word) => `'${word.replaceAll("'", "'\\''")}'`,
  );
  return `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`;
}
