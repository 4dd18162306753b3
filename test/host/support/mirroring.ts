/** Mirroring from the lab's primary to its snapshot server, as a user does it. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MirrorRow } from '../../../src/vscode/mirrors/provider.ts';
import type { Answer, Question } from './dialogs.ts';
import { type Host, type NewContainer, type RealInstance, SNAPSHOT_REMOTE, useHost } from './host.ts';
import { textOf } from './tree.ts';

/** Where a copy takes long enough to be disturbed: bytes go by at half a megabyte a second. */
export const SLOW = { name: 'slow', limit: '512KiB' } as const;

export class Mirroring {
  readonly host: Host;

  constructor(host: Host) {
    this.host = host;
  }

  /** Makes an instance on the primary, and sees to its end and that of its mirror. */
  async original(name: string, options: NewContainer = {}): Promise<void> {
    this.forget(name);
    await this.host.container(name, { stopped: true, ...options });
  }

  /** Sees to it that nothing of that name, or made of it, is left on the snapshot server. */
  forget(name: string, on: string = SNAPSHOT_REMOTE): void {
    this.host.later(async () => {
      const listed = await this.host.lab.query<{ name: string; project: string }[]>(
        `${on}:/1.0/instances?recursion=1&all-projects=true`,
      );
      for (const one of listed.filter((each) => each.name === name || each.name.startsWith(`${name}-`))) {
        const place = ['--project', one.project];
        await this.host.lab.incus('config', 'set', ...place, `${on}:${one.name}`, 'security.protection.delete=false');
        await this.host.lab.must('delete', '--force', ...place, `${on}:${one.name}`);
      }
    });
  }

  /** Names the snapshot server, and opens the view. */
  async begin(pairs: readonly Record<string, string>[] = [{ from: 'local', to: SNAPSHOT_REMOTE, mode: 'pull' }]) {
    await this.host.setting('snapshotServers', pairs);
    await this.host.load();
  }

  snapshot(name: string, ...snapshots: string[]): Promise<unknown> {
    return this.#each(snapshots, (one) => this.host.lab.must('snapshot', 'create', `local:${name}`, one));
  }

  /** Chooses "Mirror to Snapshot Server" in an instance's menu. */
  mirror(name: string, ...answers: Answer[]): Promise<Question[]> {
    return this.host.run('mirrorInstance', [this.host.instance(name)], ...answers);
  }

  /** The mirror, asked of its server. */
  async there(name: string, project = 'default'): Promise<RealInstance> {
    const real = await this.host.real(name, { on: SNAPSHOT_REMOTE, project });
    assert.ok(real, `there is no ${name} on the snapshot server`);
    return real;
  }

  /** The last message of the status bar. */
  get status(): string {
    return this.host.window.status.at(-1) ?? '';
  }

  /** Names of what is on the snapshot server and begins so. */
  async names(begin: string): Promise<string[]> {
    const listed = await this.host.lab.query<{ name: string }[]>(
      `${SNAPSHOT_REMOTE}:/1.0/instances?recursion=1&all-projects=true`,
    );
    return listed
      .map(({ name }) => name)
      .filter((name) => name.startsWith(begin))
      .sort();
  }

  /** Both sides have the same snapshots, by name and second, and everything that is to hold on a mirror does. */
  async isWhole(name: string): Promise<void> {
    const here = await this.host.real(name);
    const there = await this.there(name);
    const list = (real: RealInstance | undefined) =>
      (real?.snapshots ?? []).map((one) => `${one.name} ${one.created_at.slice(0, 19)}`).sort();
    assert.deepEqual(list(there), list(here));
    assert.equal(there.status, 'Stopped');
    assert.equal(there.config['boot.autostart'], 'false');
    assert.equal(there.config['snapshots.schedule'], undefined);
    assert.equal(there.config['security.protection.delete'], 'true');
    assert.match(there.config['user.incus-snapshots.source'] ?? '', new RegExp(`^[0-9a-f]{64}/default/${name}$`));
    assert.equal(there.config['user.incus-snapshots.sending'], undefined);
    assert.ok(there.config['user.incus-snapshots.verified']);
  }

  /** The view of mirrors as text. */
  view(): string {
    const { mirrorsProvider: provider } = this.host.parts;
    const rows = (parent: MirrorRow | undefined, depth: number): Parameters<typeof textOf>[0] =>
      provider
        .getChildren(parent)
        .flatMap((node) => [
          { node: node as never, item: provider.getTreeItem(node), depth },
          ...rows(node, depth + 1),
        ]);
    return textOf(rows(undefined, 0));
  }

  /** Puts a file of random bytes into an instance. @returns its sum */
  async fill(name: string, file: string, bytes: number): Promise<string> {
    const folder = mkdtempSync(join(this.host.lab.folder, 'fill-'));
    const from = join(folder, 'blob');
    const content = Buffer.alloc(bytes);
    // Random enough that nothing can be left out of it, and the same each time.
    for (let i = 0, seed = bytes + file.length; i < bytes; i += 4) {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      content.writeUInt32LE(seed, Math.min(i, bytes - 4));
    }
    writeFileSync(from, content);
    await this.host.lab.must('file', 'push', '--quiet', from, `local:${name}/root/${file}`);
    rmSync(folder, { recursive: true });
    return sumOf(content);
  }

  /** The sum of a file in an instance on the snapshot server, or in a snapshot of it; `undefined`: it is not there. */
  async sum(name: string, file: string, snapshot?: string): Promise<string | undefined> {
    const { lab } = this.host;
    const from = snapshot === undefined ? name : `${name}-look`;
    const copy = `${SNAPSHOT_REMOTE}:${from}`;
    if (snapshot !== undefined) {
      await lab.must('copy', '--quiet', `${SNAPSHOT_REMOTE}:${name}/${snapshot}`, copy);
    }
    const folder = mkdtempSync(join(lab.folder, 'sum-'));
    const to = join(folder, 'blob');
    const { exitCode } = await lab.incus('file', 'pull', '--quiet', `${copy}/root/${file}`, to);
    const sum = exitCode === 0 ? sumOf(readFileSync(to)) : undefined;
    rmSync(folder, { recursive: true });
    if (snapshot !== undefined) {
      await lab.incus('config', 'set', copy, 'security.protection.delete=false');
      await lab.must('delete', '--force', copy);
    }
    return sum;
  }

  async #each(names: readonly string[], work: (name: string) => Promise<unknown>): Promise<void> {
    for (const name of names) await work(name);
  }
}

function sumOf(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

export function useMirroring(): Mirroring {
  return new Mirroring(useHost());
}
