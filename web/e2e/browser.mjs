// The browser of the tests: one page against a running server, and the exit code.
//   GIBSEY_URL=http://127.0.0.1:8002 [CHROMIUM=/usr/bin/chromium] [SCREENSHOT=page.png]

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { check } from './steps.mjs';

export const base = process.env.GIBSEY_URL;
const browserPath = process.env.CHROMIUM || '/usr/bin/chromium';

/** What the page asks for elsewhere, and what the browser complains of; `expected` complaints are left out. */
export function watch(page, expected = /^$/) {
  const faults = [];
  const note = (text) => expected.test(text) || faults.push(text);
  page.on('pageerror', (error) => note(error.message));
  page.on('console', (line) => line.type() === 'error' && note(line.text()));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(new URL(base).origin) && !url.startsWith('data:')) faults.push(`asked elsewhere for ${url}`);
  });
  return faults;
}

/** Runs `test(page, context)`; exit code 0 when all holds, 1 with a plain sentence otherwise. */
export async function runInBrowser(name, test) {
  try {
    check(base, 'GIBSEY_URL is not set. Start `gibsey serve` and set it to the address that it prints.');
    check(existsSync(browserPath), `There is no browser at ${browserPath}. Install chromium or set CHROMIUM.`);
    await withPage(test);
  } catch (error) {
    console.error(`${name}: failed. ${error.message.split('\nCall log')[0]}`);
    process.exitCode = 1;
  }
}

async function withPage(test) {
  const browser = await chromium.launch({
    executablePath: browserPath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-component-update'],
  });
  try {
    const context = await browser.newContext({ viewport: { width: 1360, height: 860 } });
    const page = await context.newPage();
    try {
      await test(page, context);
    } catch (error) {
      if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
      throw error;
    }
  } finally {
    await browser.close();
  }
}
