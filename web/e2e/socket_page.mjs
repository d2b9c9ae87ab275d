// GET /test, clicked through as a person would: connect, ask, read the streamed reply, stop one, be told of bad input, ask again.
//   GIBSEY_URL=http://127.0.0.1:8002 node e2e/socket_page.mjs
// Prints {connected, characters, chosen, steps, reply, stopped, ended, refused, broken, again, faults}.

import { base, runInBrowser, watch } from './browser.mjs';

const limit = { timeout: 20_000 };

async function state(page, pattern) {
  await page.locator('#state', { hasText: pattern }).waitFor(limit);
  return page.locator('#state').innerText();
}

async function put(page, question) {
  await page.getByLabel('Question').fill(question);
  await page.getByRole('button', { name: 'Ask' }).click();
}

const reply = (page) => page.locator('#reply').innerText();

/** What the reply grew through until it was complete. */
async function lengths(page) {
  const seen = new Set();
  while ((await page.locator('#state').innerText()) !== 'complete') {
    seen.add((await reply(page)).length);
    await page.waitForTimeout(20);
  }
  return seen.size;
}

await runInBrowser('the page at /test', async (page) => {
  const faults = watch(page);
  await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 })); // what a browser asks for by itself
  await page.goto(`${base}/test`);
  const told = { connected: await state(page, /^connected$/) };
  await page.locator('#character option').first().waitFor({ ...limit, state: 'attached' });
  told.characters = await page.locator('#character option').evaluateAll((options) => options.map((option) => option.value));
  told.chosen = await page.getByLabel('Character').inputValue();

  await put(page, 'slow: what is consciousness?');
  await state(page, /^answering$/);
  told.steps = await lengths(page);
  told.reply = await reply(page);

  await put(page, 'slow again');
  await state(page, /^answering$/);
  await page.waitForFunction(() => /word3/.test(document.getElementById('reply').textContent), null, limit);
  await page.getByRole('button', { name: 'Stop' }).click();
  await state(page, /^complete$/);
  told.stopped = await reply(page);
  await page.getByRole('button', { name: 'Stop' }).click();
  told.ended = await state(page, /running/);

  await put(page, '   ');
  told.refused = await state(page, /prompt/);
  await put(page, 'it BREAKS');
  const failure = page.locator('#log > div', { hasText: 'LLM_ERROR' });
  await failure.waitFor(limit);
  told.broken = JSON.parse(await failure.innerText());

  await page.getByLabel('Character').selectOption('arieol');
  await put(page, 'PLAIN');
  await page.locator('#reply', { hasText: 'A plain answer.' }).waitFor(limit);
  await state(page, /^complete$/);
  told.again = await reply(page);
  console.log(JSON.stringify({ ...told, faults }));
});
