import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** The Chromium to drive: CHROMIUM_PATH, or Debian's; null where there is none. */
export const chromiumPath: string | null =
  [process.env['CHROMIUM_PATH'], '/usr/bin/chromium'].find(
    (path) => path !== undefined && existsSync(path),
  ) ?? null;

/** Starts Chromium without a window. */
export function launchBrowser(): Promise<Browser> {
  // Chromium's sandbox wants rights that containers do not give.
  return chromium.launch({ executablePath: chromiumPath ?? '', args: ['--no-sandbox'] });
}

/** A page, and everything that must not happen on it. */
export interface WatchedPage {
  readonly page: Page;
  /** Dialogs, uncaught errors, console errors, violations of the policy, failed parts, requests to other origins. */
  readonly problems: readonly string[];
}

/** Opens a page with cookies of its own, in English unless told otherwise. */
export async function openPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ baseURL: origin, locale: 'en-US', ...options });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // A page that answers 400 or 403 as it should is told of here as well; failed parts are told of below.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      problems.push(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(`${origin}/`)) problems.push(`elsewhere: ${request.url()}`);
  });
  page.on('response', (response) => {
    if (response.status() >= 400 && response.request().resourceType() !== 'document')
      problems.push(`${response.status()}: ${response.url()}`);
  });
  return { page, problems };
}
