/** The part of the guard that is about programs beside `incus`. */
import type { Refusal } from './allowed.ts';

/** Programs beside `incus` that have work run by itself. */
export type SystemProgram = 'systemctl' | 'crontab';

/**
 * Why a program of the system must not be run with these arguments; `undefined`: it may. Of units only our own timers are
 * touched; a crontab is read, or replaced by a file.
 */
export function systemRefusalOf(program: SystemProgram, argv: readonly string[]): Refusal | undefined {
  const text = argv.join(' ');
  const timer = String.raw`incus-snapshots-(mirror|prune)-[A-Za-z0-9-]+\.timer`;
  const allowed = {
    systemctl: new RegExp(`^(--user )?(daemon-reload|restart ${timer}|(enable|disable) --now ${timer})$`),
    crontab: /^(-l|\/[^\n]*\/incus-snapshots-[A-Za-z0-9]+\/crontab)$/,
  }[program];
  const isOneEach = program === 'systemctl' ? argv.every((arg) => !arg.includes(' ')) : argv.length === 1;
  return isOneEach && allowed.test(text) ? undefined : { reason: 'argument', argument: text };
}
