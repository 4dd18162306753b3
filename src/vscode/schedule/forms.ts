import * as vscode from 'vscode';
import type { ScheduleChange, ScheduleEdits } from '../../core/actions/scheduleEdits.ts';
import type { IncusClient } from '../../core/incus/client.ts';
import { type IncusError, toIncusError } from '../../core/incus/errors.ts';
import type { Inventory } from '../../core/inventory/inventory.ts';
import { keyOf } from '../../core/model.ts';
import { SCHEDULE_KEYS } from '../../core/policy/schedule/scheduleSources.ts';
import {
  type FromSchedule,
  scheduleContract,
  type ScheduleFormState,
  type ScheduleText,
  type ScheduleValues,
  type ToSchedule,
} from '../../protocol/schedule.ts';
import { describeError } from '../messages.ts';
import type { Log } from '../log.ts';
import { onDidChangeTimeZones, setTimeZone, timeZoneOf } from '../settings.ts';
import { oneLine } from '../tree/items.ts';
import { Panel } from '../webview/panel.ts';
import { Panels } from '../webview/panels.ts';
import { changesOf, formState, headingOf, previewOf, zoneNames } from './formState.ts';
import {
  type Place,
  reachedBy,
  readSubject,
  type Reading,
  remoteOf,
  type Subject,
  subjectKey,
  subjectSchema,
  targetsOf,
} from './subject.ts';
import { scheduleTexts } from './texts.ts';

export interface FormParts {
  readonly client: IncusClient;
  readonly inventory: Inventory;
  readonly edits: ScheduleEdits;
  readonly log: Log;
}

/** The forms that stand open, one for each thing. */
export class ScheduleForms implements vscode.Disposable {
  readonly #parts: FormParts;
  readonly #open = new Panels<ScheduleForm>();

  constructor(parts: FormParts) {
    this.#parts = parts;
  }

  /** @throws IncusError where what it is about cannot be read */
  async show(subject: Subject): Promise<void> {
    if (!this.#open.reveal(subjectKey(subject))) await this.#add(subject);
  }

  /**
   * Shows again what a tab showed before its window was opened anew, read afresh; what was typed is kept by its page. A
   * form on what cannot be read would lie: its tab is closed. @param subject as the panel left it
   */
  async restore(tab: vscode.WebviewPanel, subject: unknown): Promise<void> {
    const parsed = subjectSchema.safeParse(subject);
    try {
      if (parsed.success) await this.#add(parsed.data, tab);
      else tab.dispose();
    } catch (error) {
      this.#parts.log.error(error);
      tab.dispose();
    }
  }

  dispose(): void {
    this.#open.dispose();
  }

  async #add(subject: Subject, tab?: vscode.WebviewPanel): Promise<void> {
    const reading = await readSubject(this.#parts.client, this.#parts.inventory, subject);
    this.#open.open(subjectKey(subject), (onClose) => new ScheduleForm(this.#parts, subject, reading, onClose, tab));
  }
}

/** One form: sends what is set, answers drafts with what they come to, and saves. */
class ScheduleForm {
  readonly panel: Panel<ScheduleText, ToSchedule, FromSchedule>;
  readonly #parts: FormParts;
  readonly #subject: Subject;
  #reading: Reading;
  #target: string;
  /** What the form shows as set: only that may be overwritten. */
  #shown: ScheduleFormState;
  #isSaving = false;

  constructor(parts: FormParts, subject: Subject, reading: Reading, onClose: () => void, tab?: vscode.WebviewPanel) {
    this.#parts = parts;
    this.#subject = subject;
    this.#reading = reading;
    this.#target = reading.places[0]?.id ?? '';
    this.#shown = this.#state();
    const subscriptions = [
      new vscode.Disposable(
        parts.inventory.onDidChange((change) => {
          if (change.kind !== 'instance' || this.#concerns(keyOf(change.ref))) this.#onInventory();
        }),
      ),
      onDidChangeTimeZones(() => {
        this.#sendForm();
      }),
    ];
    this.panel = new Panel(parts.log, {
      name: 'schedule',
      title: headingOf(subject),
      icon: 'calendar',
      contract: scheduleContract,
      texts: scheduleTexts(),
      subject,
      ...(tab && { tab }),
      onReady: () => {
        this.#sendForm();
      },
      onMessage: (message) => {
        this.#onMessage(message);
      },
      onClose: () => {
        vscode.Disposable.from(...subscriptions).dispose();
        onClose();
      },
    });
  }

  get #place(): Place {
    const place = this.#reading.places.find(({ id }) => id === this.#target) ?? this.#reading.places[0];
    if (!place) throw new Error('a form has a place to write to');
    return place;
  }

  get #zone(): string {
    return timeZoneOf(remoteOf(this.#subject));
  }

  #concerns(key: string): boolean {
    return this.#reading.instances.some(({ ref }) => keyOf(ref) === key);
  }

  #state(): ScheduleFormState {
    return formState(this.#subject, this.#reading, this.#place, this.#parts.inventory, this.#zone);
  }

  #sendForm(): void {
    this.#shown = this.#state();
    this.panel.send(this.#shown);
  }

  #onMessage(message: FromSchedule): void {
    switch (message.kind) {
      case 'draft':
        this.panel.send(this.#preview(message.draft, message.values));
        break;
      case 'target':
        this.#target = message.target;
        this.#sendForm();
        break;
      case 'zone':
        void this.#askZone();
        break;
      case 'save':
        void this.#save(message.values);
    }
  }

  #preview(draft: number, values: ScheduleValues): ToSchedule {
    const reached = reachedBy(this.#place, this.#reading, this.#parts.inventory);
    return previewOf({ number: draft, values }, this.#shown, this.#reading, reached, this.#zone);
  }

  /** What the inventory has learned of the instances; what the user has typed stands. */
  #onInventory(): void {
    if (this.#isSaving) return;
    const { inventory } = this.#parts;
    const instances = this.#reading.instances.map((one) => inventory.instance(one.ref)?.instance ?? one);
    this.#reading = { ...this.#reading, instances };
    this.#tellChanges();
  }

  /** Says which of the values that the form shows are others by now, and shows those. */
  #tellChanges(): void {
    const before = this.#shown;
    const now = this.#state();
    if (JSON.stringify(now) === JSON.stringify(before)) return;
    const changed = Object.entries(SCHEDULE_KEYS).filter(
      ([field]) =>
        now.fields[field as keyof typeof SCHEDULE_KEYS].own !== before.fields[field as keyof typeof SCHEDULE_KEYS].own,
    );
    this.#shown = now;
    this.panel.send(now);
    if (changed.length === 0 || now.target !== before.target) return;
    this.#status(
      'bad',
      vscode.l10n.t('Changed on the server in the meantime: {0}.', changed.map(([, key]) => key).join(', ')),
    );
  }

  async #save(values: ScheduleValues): Promise<void> {
    const preview = this.#preview(0, values);
    const changes = changesOf(values, this.#shown);
    if (this.#isSaving || preview.kind !== 'preview' || !preview.canSave) return;
    this.#isSaving = true;
    this.#status('busy', vscode.l10n.t('Saving…'));
    const failures: { name: string; error: IncusError }[] = [];
    const targets = targetsOf(this.#place, this.#reading);
    for (const { target, config } of targets) {
      const written = changes.map(({ field, value }): ScheduleChange => {
        const key = SCHEDULE_KEYS[field];
        return { key, seen: config[key] ?? '', value };
      });
      const name = target.kind === 'instance' ? target.ref.instance : oneLine(target.ref.profile);
      await this.#parts.edits.write(target, written).catch((error: unknown) => {
        failures.push({ name, error: toIncusError(error) });
      });
    }
    this.#isSaving = false;
    await this.#readAgain();
    this.#tellSaved(targets.length, failures);
  }

  #tellSaved(count: number, failures: readonly { name: string; error: IncusError }[]): void {
    if (failures.length === 0) {
      this.#status('good', vscode.l10n.t('Saved.'));
      return;
    }
    const words = failures.map(({ name, error }) => `${name}: ${describeError(error)}`).join(' ');
    const some = vscode.l10n.t('{0} of {1} saved.', count - failures.length, count);
    this.#status('bad', count === 1 ? words : `${some} ${words}`);
  }

  async #readAgain(): Promise<void> {
    const { client, inventory } = this.#parts;
    const read = await readSubject(client, inventory, this.#subject).catch(() => undefined);
    if (read) this.#reading = read;
    this.#sendForm();
  }

  async #askZone(): Promise<void> {
    const remote = remoteOf(this.#subject);
    const [own = '', ...others] = zoneNames();
    const items = [
      { label: own, description: vscode.l10n.t('the zone of this machine') },
      ...others.map((label) => ({ label, description: '' })),
    ];
    const title = vscode.l10n.t('Time zone of the server behind {0}', oneLine(remote));
    const choice = await vscode.window.showQuickPick(items, { title });
    if (choice) await setTimeZone(remote, choice.label === own ? undefined : choice.label);
  }

  #status(tone: 'busy' | 'good' | 'bad', text: string): void {
    this.panel.send({ kind: 'status', tone, text });
  }
}
