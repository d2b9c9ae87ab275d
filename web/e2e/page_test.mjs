// The page against a running server: choose Arieol, ask, read the answer, open the page it quotes; reload, stop, ask again, go
// back to what was asked before.
//   GIBSEY_URL=http://127.0.0.1:8002 [CHROMIUM=/usr/bin/chromium] [SCREENSHOT=page.png] node e2e/page_test.mjs
// Exit code 0 when all holds, 1 with a plain sentence otherwise.

import { base, runInBrowser, watch } from './browser.mjs';
import { conversations, drawer, regenerate, reloadAfterwards, reloadInMidStream, rephrase, stop } from './conversation_steps.mjs';
import { ask, bare, check, focused, soon } from './steps.mjs';

const question = 'Why did you climb the tower?';

async function askArieol(page) {
  const card = page.locator('[data-char-id="arieol"]');
  await card.waitFor({ timeout: 15_000 });
  await card.click();
  check(new URL(page.url()).hash === '#char=arieol', `The address does not hold the chosen character: ${page.url()}`);
  return ask(page, question);
}

async function checkReply(turn) {
  const colour = await turn.locator('.bubble').evaluate((bubble) => getComputedStyle(bubble).borderLeftColor);
  check(colour === 'rgb(95, 158, 160)', `The bubble's colour is ${colour}, not Arieol's #5F9EA0.`);
  const reply = await turn.locator('.reply').innerText();
  check(reply.trim().length > 20, `The reply is too short to be one: "${reply}"`);
  const receipt = await turn.locator('.receipt').innerText();
  check(/\d+ left/.test(receipt), `The receipt does not say what is left: "${receipt}"`);
  const heard = await turn.page().getByTestId('announcer').innerText();
  check(heard.includes('End of the reply'), `Screen readers are not told of the end: "${heard}"`);
  return { reply, receipt };
}

async function checkQuote(page, turn) {
  const words = turn.locator('.reply .quoted-words, .reply .epigraph-words');
  const count = await words.count();
  check(count >= 1, `No quotation is marked in the reply: "${await turn.locator('.reply').innerText()}"`);
  const chips = turn.locator('.reply .page-chip');
  check((await chips.count()) === count, `${count} marked quotations have ${await chips.count()} page chips.`);
  const quoted = bare(await words.first().textContent());
  const mark = await chips.first().innerText();

  await chips.first().click();
  const highlight = page.locator('.page-quote');
  await highlight.first().waitFor({ timeout: 10_000 });
  const shown = bare((await highlight.allTextContents()).join(' '));
  check(shown === quoted, `${mark} highlights "${shown}", the reply quotes "${quoted}".`);
  const inView = await highlight.first().evaluate((element) => {
    const box = element.getBoundingClientRect();
    return box.top >= 0 && box.bottom <= window.innerHeight;
  });
  check(inView, `The highlighted words on ${mark} are not in view.`);
  return { quoted, mark };
}

/** The open page takes the focus; closed, it gives it back to the mark that opened it last, be it open already or not. */
async function leavePage(page, turn) {
  const chips = turn.locator('.page-chip');
  await turn.locator('summary').click();
  await chips.last().click();
  await soon(() => focused(page.locator('.drawer button')), 'Another page is opened, and the focus stays outside of it.');
  await page.keyboard.press('Escape');
  await page.locator('.drawer').waitFor({ state: 'detached', timeout: 15_000 });
  await soon(() => focused(chips.last()), 'The focus is not back at the mark that opened the page.');
}

runInBrowser('page test', async (page) => {
  const faults = watch(page);
  await page.goto(base);
  const turn = await askArieol(page);
  const { reply, receipt } = await checkReply(turn);
  const { quoted, mark } = await checkQuote(page, turn);
  check((await page.locator('.account').count()) === 0, 'A server that asks for no sign-in shows an account.');
  if (process.env.SCREENSHOT) await page.screenshot({ path: process.env.SCREENSHOT });
  await leavePage(page, turn);
  await reloadAfterwards(page, turn);
  await regenerate(page);
  const cut = await reloadInMidStream(page);
  const stopped = await stop(page);
  await rephrase(page);
  await conversations(page, question);
  await drawer(page);
  check(faults.length === 0, `The browser complains: ${faults.join(' | ')}`);
  console.log(`page test: passed\n  reply: ${reply.replace(/\s+/g, ' ')}\n  quote: ${quoted} (${mark})\n  receipt: ${receipt}`);
  console.log(`  reload while ${cut}: the reply was whole\n  stopped: ${stopped}`);
});
