// The page against a server that asks for a sign-in: a wrong token, one that has expired, a right one; a talk whose session ends in
// the middle; signing out.
//   GIBSEY_URL=http://127.0.0.1:8002 TOKEN=... WRONG_TOKEN=... EXPIRED_TOKEN=... OTHER_TOKEN=... node e2e/sign_in_test.mjs
// TOKEN is ann's, OTHER_TOKEN ben's; a question with the word "slow" has a reply of some seconds. Exit code 0 when all holds, 1 with
// a plain sentence otherwise.

import { base, runInBrowser, watch } from './browser.mjs';
import { ask, begun, check, ended, put, shownLetters } from './steps.mjs';

const { TOKEN: token, WRONG_TOKEN: wrong, EXPIRED_TOKEN: expired, OTHER_TOKEN: other } = process.env;

const field = (page) => page.getByLabel('Token or API key');

async function paste(page, text) {
  await field(page).waitFor({ timeout: 15_000 });
  await field(page).fill(text);
  await page.keyboard.press('Enter');
}

/** The refusal is said, what was typed is kept, and the field is where the reader is. */
async function refused(page, text, reason) {
  await paste(page, text);
  await page.locator('.sign-in-refused', { hasText: reason }).waitFor({ timeout: 15_000 });
  check((await field(page).inputValue()) === text, 'The field does not keep what was typed.');
  check(await field(page).evaluate((input) => input === document.activeElement), 'The field has lost the focus.');
  check((await field(page).getAttribute('aria-invalid')) === 'true', 'The field is not marked as refused.');
}

async function signIn(page, text, who) {
  await paste(page, text);
  await page.locator('.account-id', { hasText: who }).waitFor({ timeout: 15_000 });
  check((await field(page).count()) === 0, 'The sign-in stays on the page.');
}

/** Nothing of a token is left where it could be read again. */
async function leavesNoTrace(page, asked) {
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href, document.cookie]));
  for (const secret of [token, wrong, expired, other]) {
    check(!kept.includes(secret), 'The browser keeps a token within reach of scripts.');
    check(!asked.some((url) => url.includes(secret)), 'A token stands in an address.');
  }
}

/** The session ends while a reply arrives and the next question is typed. Nothing is lost. */
async function sessionEnds(page, context) {
  const turn = await put(page, 'A slow one, please.');
  await begun(turn);
  await context.clearCookies();
  const end = await ended(turn);
  check(end === 'done', `The reply during which the session ended is "${end}".`);
  check(/word0.*word29/.test(await shownLetters(turn)), 'The reply during which the session ended is not whole.');

  await page.getByRole('button', { name: 'Sign in again' }).waitFor({ timeout: 15_000 });
  check((await page.getByRole('dialog').count()) === 0, 'A reader who asks for nothing is interrupted.');
  const count = await page.locator('.turn').count();
  const box = page.getByLabel(/^Your question to/);
  await box.fill('And after that?');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Your session has ended.' });
  await dialog.waitFor({ timeout: 15_000 });
  await refused(page, wrong, 'not valid');
  await page.keyboard.press('Escape');
  await page.locator('.trouble-title', { hasText: 'You are not signed in any more.' }).waitFor({ timeout: 15_000 });
  check((await page.locator('.question', { hasText: 'And after that?' }).count()) === 1, 'The question is gone.');
  await box.fill('Half a thought');
  await page.getByRole('button', { name: 'Sign in and ask' }).click();
  await dialog.waitFor({ timeout: 15_000 });
  await signIn(page, token, 'ann');
  const next = page.locator('.turn', { has: page.locator('.question', { hasText: 'And after that?' }) });
  await next.and(page.locator('[data-turn-id]')).waitFor({ timeout: 15_000 });
  const status = await ended(next);
  check(status === 'done', `The question that waited for the sign-in ended as "${status}".`);
  check((await page.locator('.turn').count()) <= count + 1, 'The question that waited was asked more than once.');
  check((await box.inputValue()) === 'Half a thought', `The draft is "${await box.inputValue()}" after the sign-in.`);
}

async function signOut(page, context) {
  await page.getByRole('button', { name: 'Signed in as ann' }).click();
  check(await page.getByText('Your session ends').isVisible(), 'Nothing says when the session ends.');
  await page.keyboard.press('Escape');
  check(!(await page.getByText('Your session ends').isVisible()), 'Escape does not close the account.');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await field(page).waitFor({ timeout: 15_000 });
  check((await context.cookies()).length === 0, 'The cookie outlives the sign-out.');
  const text = await page.locator('body').innerText();
  check(!text.includes('And after that?'), 'The conversation stays on the page.');
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  check(!kept.includes('ann@') && !kept.includes('Half a thought'), 'The browser keeps what the reader wrote.');
  await page.reload();
  await field(page).waitFor({ timeout: 15_000 });
}

/** Another reader has a page of his own. */
async function another(page) {
  await signIn(page, other, 'ben');
  await page.locator('.threshold').waitFor({ timeout: 15_000 });
  check((await page.locator('.past-item').count()) === 0, "Ben sees Ann's conversations.");
  await page.getByText('100 credits').waitFor({ timeout: 15_000 });
}

runInBrowser('sign-in test', async (page, context) => {
  // Browsers write each refusal to the console by themselves.
  const faults = watch(page, /status of 401/);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${base}/#char=arieol`);
  await refused(page, wrong, 'not valid');
  await refused(page, expired, 'expired');
  await refused(page, 'gbs_ä', '“ä” is in no token');
  await signIn(page, `Bearer ${token}\n`, 'ann');
  await ask(page, 'Why did you climb the tower?');
  await page.reload();
  await page.locator('.turn .receipt').waitFor({ timeout: 15_000 });
  await sessionEnds(page, context);
  await leavesNoTrace(page, asked);
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  await signOut(page, context);
  await another(page);
  check(faults.length === 0, `The browser complains: ${faults.join(' | ')}`);
  console.log('sign-in test: passed');
});
