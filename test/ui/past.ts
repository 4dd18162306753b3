/** Instances that have been there for a while. Incus dates what it makes, so their past is written into its database. */
import { attachLab } from '../lab/handle.ts';
import { mustRun } from '../lab/process.ts';

/** A snapshot's name, and when it is to have been made. */
export type Made = readonly [name: string, at: Date];

/** An hour in which no test runs, so that a schedule at it makes nothing meanwhile. */
export const QUIET_HOUR = [5, 6].includes(new Date().getHours()) ? 18 : 6;

/** Half a minute before the hour, as many days ago: when Incus makes snapshots of a schedule at that hour. */
export function daysAgo(days: number, hour = QUIET_HOUR): Date {
  const at = new Date();
  at.setDate(at.getDate() - days);
  at.setHours(hour, 0, -30, 0);
  return at;
}

/** The three themes of pictures, and what VS Code calls them. */
export const THEMES = [
  ['dark', 'Default Dark Modern'],
  ['light', 'Default Light Modern'],
  ['high-contrast', 'Default High Contrast'],
] as const;

/** Makes a running container that has run for thirty days, with its snapshots. */
export async function makeOld(instance: string, made: readonly Made[], ...config: readonly string[]): Promise<void> {
  const lab = attachLab();
  await lab.must('launch', 'busybox', instance, ...config.flatMap((one) => ['-c', one]));
  for (const [name] of made) await lab.must('snapshot', 'create', '--', instance, name);
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const dated = (at: Date) => quoted(at.toISOString().replace('T', ' ').replace('Z', '+00:00'));
  const named = quoted(instance);
  const began = dated(daysAgo(30));
  const statements = [
    `UPDATE instances SET creation_date = ${began}, last_use_date = ${began} WHERE name = ${named}`,
    ...made.map(
      ([name, at]) =>
        `UPDATE instances_snapshots SET creation_date = ${dated(at)} WHERE name = ${quoted(name)} ` +
        `AND instance_id = (SELECT id FROM instances WHERE name = ${named})`,
    ),
  ];
  const env = lab.environment({ INCUS_DIR: lab.primary.folder });
  for (const statement of statements) {
    const said = await mustRun([lab.client, 'admin', 'sql', 'global', statement], { env });
    if (!said.includes('Rows affected: 1')) throw new Error(`${statement}: ${said}`);
  }
}

/** Deletes such an instance with all that it has. */
export async function deleteOld(instance: string): Promise<void> {
  await attachLab().must('delete', '--force', instance);
}
