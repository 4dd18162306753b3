import { l10n } from 'vscode';
import type { Texts } from '../../protocol/contract.ts';
import type { ScheduleText } from '../../protocol/schedule.ts';

/** All that the form says by itself. */
export function scheduleTexts(): Texts<ScheduleText> {
  return {
    target: l10n.t('Write to'),
    schedule: l10n.t('Schedule'),
    scheduleHelp: l10n.t(
      'Minute, hour, day, month, weekday, like 0 6 * * 1-5; or @hourly, @daily, @weekly, @monthly, @yearly, @startup. Several with a comma and a space between.',
    ),
    pattern: l10n.t('Names'),
    patternHelp: l10n.t("Like snap%d (a number that grows), or day-{{ creation_date|date:'2006-01-02_15-04' }}."),
    expiry: l10n.t('Expire after'),
    expiryHelp: l10n.t(
      'Like 2w, or 1d 12H: S seconds, M minutes, H hours, d days, w weeks, m months, y years. Empty: never.',
    ),
    manualExpiry: l10n.t('Those by hand expire after'),
    manualExpiryHelp: l10n.t('For snapshots that are not made by schedule. Empty: as those by schedule.'),
    stopped: l10n.t('While the instance is stopped'),
    stoppedInherit: l10n.t('Not set here ({0})'),
    stoppedYes: l10n.t('Make snapshots, too'),
    stoppedNo: l10n.t('Make no snapshots'),
    followers: l10n.t('Followed by: {0}'),
    preview: l10n.t('What it comes to'),
    runs: l10n.t('The next snapshots'),
    serverTime: l10n.t("Server's time"),
    localTime: l10n.t('Your time'),
    name: l10n.t('Name'),
    expires: l10n.t('Expires'),
    noRuns: l10n.t('None at a time that can be told.'),
    warnings: l10n.t('Mind'),
    changes: l10n.t('Saving writes'),
    noChanges: l10n.t('Nothing: no value is another one.'),
    save: l10n.t('Save'),
    zone: l10n.t("The server's time zone: {0}"),
    setZone: l10n.t('Change…'),
    usual: l10n.t('usual values'),
    hourly: l10n.t('Hourly'),
    daily: l10n.t('Daily'),
    weekly: l10n.t('Weekly'),
    never: l10n.t('Never'),
    clear: l10n.t('Take Away Everywhere'),
    aDay: l10n.t('1 day'),
    aWeek: l10n.t('1 week'),
    fourWeeks: l10n.t('4 weeks'),
  };
}
