import type { VolumeRef } from '../../../src/core/model.ts';
import type { Host } from './host.ts';

/** Custom volumes of a test, on the pool `default` of the lab's servers. */
export interface TestVolumes {
  /** Makes one, and sees to its end. */
  make(name: string, config?: Readonly<Record<string, string>>, more?: { type?: 'block' }): Promise<VolumeRef>;
  /** One that the test will have made, of which it sees to the end. */
  expect(name: string, remote?: string): VolumeRef;
  /** Gives it to a container as `/data`. */
  attach(ref: VolumeRef, instance: string, device?: Readonly<Record<string, string>>): Promise<void>;
  /** The names of its snapshots, oldest first, asked of its server by the lab's own client. */
  snapshots(ref: VolumeRef): Promise<string[]>;
  /** What is in a file of a container, as its server hands it over. */
  file(instance: string, path: string): Promise<string>;
}

export function usesVolumes(host: Host): TestVolumes {
  const { lab } = host;
  const place = (volume: string, remote = 'local'): VolumeRef => {
    const ref = { remote, project: 'default', pool: 'default', volume };
    host.later(() => lab.incus('storage', 'volume', 'delete', `${remote}:default`, volume));
    return ref;
  };
  return {
    expect: place,
    async make(name, config = {}, { type } = {}) {
      const ref = place(name);
      const pairs = Object.entries(config).map(([key, value]) => `${key}=${value}`);
      const flags = type === undefined ? [] : ['--type', type];
      await lab.must('storage', 'volume', 'create', 'local:default', name, ...flags, ...pairs);
      return ref;
    },
    async attach({ pool, volume }, instance, device = {}) {
      const pairs = Object.entries({ path: '/data', ...device }).map(([key, value]) => `${key}=${value}`);
      const source = [`pool=${pool}`, `source=${volume}`];
      await lab.must('config', 'device', 'add', instance, 'data', 'disk', ...source, ...pairs);
      // A volume that is in use cannot be deleted, and what is to be done last is done first.
      host.later(() => lab.incus('delete', '--force', instance));
    },
    async snapshots({ remote, pool, volume }) {
      const path = `${remote}:/1.0/storage-pools/${pool}/volumes/custom/${volume}/snapshots?recursion=1`;
      const listed = await lab.query<{ name: string; created_at: string }[]>(path);
      const inOrder = listed.toSorted((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
      return inOrder.map(({ name }) => name.slice(name.indexOf('/') + 1));
    },
    file: (instance, path) => lab.must('file', 'pull', `local:${instance}${path}`, '-'),
  };
}
