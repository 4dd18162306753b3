/** VS Code's window with the Incus view, worked as a user does: rows, menus, keys, questions, buttons. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameLocator, Locator, Page } from 'playwright-core';
import { attachLab } from '../lab/handle.ts';
import { openWorkbench, type OpenOptions, type Workbench } from '../lab/workbench.ts';

const PROJECT = join(import.meta.dirname, '..', '..');

/** Pictures of every run; a failed test leaves one too. */
const OUTPUT = join(import.meta.dirname, 'output');

/** The same picture in each theme. */
function inThemes(name: string): string[] {
  return ['dark', 'light', 'high-contrast'].map((theme) => `${name}-${theme}`);
}

/** Those that the documents show. */
const DOCUMENTED: ReadonlySet<string> = new Set([
  'tree',
  'filter',
  'context-menu',
  'restore',
  'welcome',
  'mirror-plan',
  'mirrors',
  'groups',
  ...inThemes('schedule'),
  ...inThemes('health'),
  'timeline-dark',
  'timeline-light',
  'timeline-high-contrast',
  'timeline-table',
  'timeline-menu',
  'prune-dark',
  'prune-light',
  'prune-high-contrast',
  'prune-question',
  'volumes',
  'volume-restore',
]);

/** Milliseconds in which something that is under way has to be seen. */
const PATIENCE = 30_000;

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export class Window {
  readonly page: Page;

  private constructor(workbench: Workbench) {
    this.page = workbench.page;
    this.page.setDefaultTimeout(PATIENCE);
  }

  /**
   * Opens a window with the extension under development, as a user of the lab, and in it the Incus view. It is closed
   * when the work has ended; where that failed, a picture of the end is kept.
   */
  static async use(work: (window: Window) => Promise<void>, options: Partial<OpenOptions> = {}): Promise<void> {
    const workbench = await openWorkbench({ env: attachLab().environment(), extensionPath: PROJECT, ...options });
    const window = new Window(workbench);
    try {
      await window.page.getByRole('tab', { name: 'Incus', exact: true }).click();
      await work(window);
    } catch (error) {
      await window.picture(`failed-${Date.now()}`);
      throw error;
    } finally {
      await workbench.close();
    }
  }

  /** The row whose name it is; what stands behind the name does not count. */
  row(name: string): Locator {
    const label = new RegExp(`^${escaped(name)}$`);
    return this.page
      .locator('.pane-body .monaco-list-row')
      .filter({ has: this.page.locator('.label-name', { hasText: label }) });
  }

  /** What stands behind a row's name. */
  async description(name: string): Promise<string> {
    return (await this.row(name).locator('.label-description').textContent()) ?? '';
  }

  /** Opens a row's branch, unless it is open. */
  async expand(name: string): Promise<void> {
    const row = this.row(name);
    const inState = (state: string) => this.page.locator(`.monaco-list-row${state}`).and(row);
    // A row has a branch only once it is known what is in it.
    await inState('[aria-expanded]').waitFor();
    if ((await row.getAttribute('aria-expanded')) === 'true') return;
    await row.click();
    await inState('[aria-expanded="true"]').waitFor();
  }

  /** Right-clicks a row. */
  async openMenu(name: string): Promise<Locator> {
    await this.row(name).click({ button: 'right' });
    const menu = this.page.locator('.context-view .monaco-menu');
    await menu.waitFor();
    return menu;
  }

  /** Right-clicks a row and chooses from its menu. */
  async chooseFromMenu(name: string, action: string): Promise<void> {
    const menu = await this.openMenu(name);
    await menu.getByRole('menuitem', { name: action, exact: true }).hover();
    // A menu does not hear a click in the moment after it has opened; keys it does, once the item has the focus.
    await menu.locator('.action-item.focused', { hasText: action }).waitFor();
    await this.page.keyboard.press('Enter');
    await menu.waitFor({ state: 'hidden' });
  }

  /** Runs a command from the palette. */
  async run(command: string): Promise<void> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor();
    await input.fill(`>${command}`);
    await this.page.locator('.quick-input-list .monaco-list-row').filter({ hasText: command }).first().click();
  }

  /** The page inside the webview that is shown. */
  webview(): FrameLocator {
    // While one takes the place of another there can be two.
    return this.page.locator('iframe.webview.ready').last().contentFrame().frameLocator('#active-frame');
  }

  /** The input box or list that is open, once it says this; a flow's boxes have one title, so ask for their words. */
  async question(words: string): Promise<Locator> {
    const widget = this.page.locator('.quick-input-widget').filter({ hasText: words });
    await widget.waitFor();
    return widget;
  }

  /** Answers an input box; without a text the proposed one is taken. */
  async answer(words: string, text?: string): Promise<void> {
    const widget = await this.question(words);
    const input = widget.locator('input.input');
    if (text !== undefined) await input.fill(text);
    await input.press('Enter');
  }

  /** Picks from a list. */
  async pick(words: string, label: string): Promise<void> {
    const widget = await this.question(words);
    await widget.locator('.monaco-list-row').filter({ hasText: label }).first().click();
  }

  /** The modal dialog that is open. */
  async dialog(): Promise<Locator> {
    const dialog = this.page.locator('.monaco-dialog-box');
    await dialog.waitFor();
    return dialog;
  }

  /** Presses a button of the modal dialog. */
  async press(button: string): Promise<void> {
    const dialog = await this.dialog();
    await dialog.getByRole('button', { name: button, exact: true }).click();
    await dialog.waitFor({ state: 'hidden' });
  }

  /** The status bar once it says so. */
  async status(text: string | RegExp): Promise<void> {
    await this.page.locator('.part.statusbar').getByText(text).first().waitFor();
  }

  /** The message that says so, once it is there. With the switch for tests, VS Code rings the bell and no more. */
  async message(text: string): Promise<Locator> {
    await this.page.locator('[id="status.notifications"] .codicon-bell-dot').waitFor();
    // The bell would close what is open already, and does not hear every click.
    await this.run('Notifications: Show Notifications');
    const message = this.page.locator('.notifications-center .notification-list-item').filter({ hasText: text });
    await message.waitFor();
    return message;
  }

  /** Takes a picture. Those of docs/images are taken anew where INCUS_IMAGES says so. */
  async picture(name: string, part: { clip?: { x: number; y: number; width: number; height: number } } = {}) {
    const isWanted = process.env['INCUS_IMAGES'] !== undefined && DOCUMENTED.has(name);
    const folder = isWanted ? join(PROJECT, 'docs', 'images') : OUTPUT;
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: join(folder, `${name}.png`), animations: 'disabled', ...part });
  }
}
