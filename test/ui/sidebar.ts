/** The Incus view as a user works it: rows, menus, questions. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type Locator, type Page } from 'playwright-core/test';
