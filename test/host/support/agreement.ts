/** Whether what the extension knows of a server is what the server itself says, to the last field that is shown. */
import assert from 'node:assert/strict';
import type { Inventory } from '../../../src/core/inventory/inventory.ts';
import type { Lab } from '../../lab/handle.ts';
import { waitFor } from '../../lab/process.ts';
import type { RealInstance } from './host.ts';

interface Agreed {
  status: string;
  ephemeral: boolean;
  description: string;
  config: Record<string, string>;
  snapshots: string[] | 'not known';
}

const NEVER = '0001-01-01T00:00:00Z';

/** Waits until they agree on all instances of the default project; says in what they differ where they do not. */
export async function agrees(inventory: Inventory, lab: Lab, remote: string, patience = 20_000): Promise<void> {
  let known: unknown;
  let real: unknown;
  await waitFor(
    `what is known of ${remote} to be what it says`,
    async () => {
      real = await toldBy(lab, remote);
      known = knownOf(inventory, remote);
      return isSame(known, real) ? true : undefined;
    },
    patience,
  ).catch(() => {
    assert.deepEqual(known, real, `${remote} is not shown as it is`);
  });
}

function isSame(a: unknown, b: unknown): boolean {
  try {
    assert.deepEqual(a, b);
    return true;
  } catch {
    return false;
  }
}

async function toldBy(lab: Lab, remote: string): Promise<Record<string, Agreed>> {
  const names = (await lab.query<string[]>(`${remote}:/1.0/instances`)).map((path) => path.split('/').at(-1) ?? '');
  const all = await Promise.all(
    names.map((name) => lab.query<RealInstance>(`${remote}:/1.0/instances/${name}?recursion=1`)),
  );
  return sorted(
    all.map((one) => [
      one.name,
      {
        status: one.status,
        ephemeral: one.ephemeral,
        description: one.description,
        config: lasting(one.config),
        snapshots: (one.snapshots ?? [])
          .map((s) => `${s.name} ${time(s.created_at)} ${time(s.expires_at ?? NEVER)} ${s.stateful}`)
          .sort(),
      },
    ]),
  );
}

function knownOf(inventory: Inventory, remote: string): Record<string, Agreed> | string {
  const { state } = inventory.remote(remote) ?? {};
  if (state?.kind !== 'ready') return state?.kind ?? 'no such remote';
  return sorted(
    inventory.instances(remote).map(({ instance }) => [
      instance.ref.instance,
      {
        status: instance.status,
        ephemeral: instance.ephemeral,
        description: instance.description,
        config: lasting(instance.config),
        snapshots:
          instance.snapshots
            ?.map(
              (s) =>
                `${s.ref.snapshot} ${s.createdAt.toISOString()} ${s.expiresAt?.toISOString() ?? time(NEVER)} ${s.stateful}${s.pending ? ' pending' : ''}`,
            )
            .sort() ?? 'not known',
      },
    ]),
  );
}

function time(at: string): string {
  return new Date(at).toISOString();
}

/** What Incus notes for itself it changes without a word. */
function lasting(config: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config)
      .filter(([key]) => !key.startsWith('volatile.'))
      .sort(),
  );
}

function sorted(entries: [string, Agreed][]): Record<string, Agreed> {
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
