import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { IncusError, toIncusError } from '../incus/errors.ts';
import type { Runner } from '../incus/runner.ts';
import {
  type Automation,
  automationFiles,
  type AutomationKind,
  automationName,
  type AutomationPlaces,
  NAME_PREFIX,
  readAutomation,
  withCronLine,
  withoutCronLine,
} from '../policy/automation/automation.ts';

/** Puts automations on this machine, finds them again, and takes them away. All methods throw `IncusError`. */
export class Automations {
  readonly #runner: Runner;
  readonly #places: (kind: AutomationKind) => AutomationPlaces;

  constructor(runner: Runner, places: (kind: AutomationKind) => AutomationPlaces) {
    this.#runner = runner;
    this.#places = places;
  }

  placesOf(kind: AutomationKind): AutomationPlaces {
    return this.#places(kind);
  }

  /** All that are on this machine. */
  async find(): Promise<Automation[]> {
    const folders = new Set((['user', 'system'] as const).map((kind) => this.#places(kind).scripts));
    const found = await Promise.all([...folders].map((folder) => scriptsIn(folder)));
    return found.flat();
  }

  /** Writes it, in place of an earlier one of the same name, and has it run by itself. */
  async install(automation: Automation): Promise<void> {
    const places = this.#places(automation.kind);
    const earlier = (await this.find()).filter((one) => automationName(one) === automationName(automation));
    for (const one of earlier) if (one.kind !== automation.kind) await this.remove(one);
    for (const { path, text, executable } of automationFiles(automation, places)) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.new`, text, { mode: executable ? 0o755 : 0o644 });
      await chmod(`${path}.new`, executable ? 0o755 : 0o644);
      await rename(`${path}.new`, path);
    }
    if (automation.kind === 'cron') {
      await this.#setCrontab((crontab) => withCronLine(crontab, automation, places));
      return;
    }
    const timer = `${automationName(automation)}.timer`;
    await this.#systemctl(automation.kind, 'daemon-reload');
    await this.#systemctl(automation.kind, 'enable', '--now', timer);
    // One that ran already keeps its old times otherwise.
    await this.#systemctl(automation.kind, 'restart', timer);
  }

  /** Has it run no more, and takes its files away; its log stays. */
  async remove(automation: Automation): Promise<void> {
    const { kind } = automation;
    if (kind === 'cron') await this.#setCrontab((crontab) => withoutCronLine(crontab, automation));
    else await this.#systemctl(kind, 'disable', '--now', `${automationName(automation)}.timer`);
    for (const { path } of automationFiles(automation, this.#places(kind))) await rm(path, { force: true });
    if (kind !== 'cron') await this.#systemctl(kind, 'daemon-reload');
  }

  async #systemctl(kind: AutomationKind, ...argv: string[]): Promise<void> {
    await this.#runner.system('systemctl', [...(kind === 'user' ? ['--user'] : []), ...argv]);
  }

  async #setCrontab(change: (crontab: string) => string): Promise<void> {
    const before = await this.#runner.system('crontab', ['-l']).catch((error: unknown) => {
      const failure = toIncusError(error);
      if (/no crontab for/i.test(failure.text)) return '';
      throw failure;
    });
    const after = change(before);
    if (after === before) return;
    const folder = await mkdtemp(join(tmpdir(), 'incus-snapshots-'));
    try {
      const file = join(folder, 'crontab');
      await writeFile(file, after, { mode: 0o600 });
      await this.#runner.system('crontab', [file]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function scriptsIn(folder: string): Promise<Automation[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new IncusError('other', { text: String(error), cause: error });
  }
  const scripts = names.filter((name) => name.startsWith(NAME_PREFIX) && name.endsWith('.sh'));
  const texts = await Promise.all(scripts.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.flatMap((text) => readAutomation(text) ?? []);
}
