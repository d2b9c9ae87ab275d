// Steps of the page test about what stays: a reload, a stop, another answer, the list of conversations.

import { ask, begun, check, ended, focused, letters, put, shownLetters, soon } from './steps.mjs';

/** A reload shows the ended turn as it was. */
export async function reloadAfterwards(page, turn) {
  const seen = async () => ({
    reply: await turn.locator('.reply').innerText(),
    chips: await turn.locator('.reply .page-chip').allInnerTexts(),
    cited: await turn.locator('.cited').allInnerTexts(),
    receipt: await turn.locator('.receipt').innerText(),
    balance: await page.locator('.head-balance').innerText(),
  });
  const before = await seen();
  await page.reload();
  await turn.locator('.receipt').waitFor({ timeout: 15_000 });
  const after = await seen();
  for (const part of Object.keys(before)) {
    const same = String(after[part]) === String(before[part]);
    check(same, `After a reload the ${part} is "${after[part]}", it was "${before[part]}".`);
  }
}

/** A reload in the middle of a reply keeps it, reads it to its end, and pays once. */
export async function reloadInMidStream(page) {
  const balance = await credits(page);
  const turn = await put(page, 'What was behind the door?');
  const status = await begun(turn);
  const before = await shownLetters(turn);
  const id = await turn.getAttribute('data-turn-id');
  await page.reload();
  await turn.waitFor({ timeout: 15_000 });
  const end = await ended(turn);
  check(end === 'done', `The reply that a reload cut ended as "${end}".`);
  check((await turn.getAttribute('data-turn-id')) === id, 'After the reload another turn stands in its place.');
  const record = await page.evaluate((turnId) => fetch(`/v1/turns/${turnId}`).then((answer) => answer.json()), id);
  const after = await shownLetters(turn);
  check(after === letters(record.reply), `The page shows "${after}", the server keeps "${letters(record.reply)}".`);
  // The last letters may have been part of a page's number that the page shows otherwise in the end.
  check(after.startsWith(before.slice(0, -12)), `Before the reload stood "${before}", now "${after}".`);
  await soon(async () => (await credits(page)) === balance - record.receipt.charged, 'The balance does not show one charge for the reply.');
  return status;
}

/** Stop keeps what has come, and the receipt says that it was charged. A reply may be quicker than the stop: then once more. */
export async function stop(page) {
  for (const question of ['What did you see up there?', 'Who else was on the stairs?', 'What did the bell say?']) {
    const turn = await put(page, question);
    if ((await begun(turn)) !== 'streaming') continue;
    await page.getByRole('button', { name: /^Stop/ }).click();
    if ((await ended(turn)) === 'done') continue;
    const status = await turn.getAttribute('data-status');
    check(status === 'stopped', `The stopped turn ended as "${status}".`);
    const receipt = await turn.locator('.receipt').innerText();
    check(/charged in full/.test(receipt), `The receipt of the stopped turn says "${receipt}".`);
    check((await shownLetters(turn)) !== '', 'Of the stopped reply nothing is left.');
    return receipt;
  }
  throw new Error('Three replies ended before they could be stopped.');
}

/** Another answer stands in the place of the first, and the arrows lead from one to the other. */
export async function regenerate(page) {
  const turn = page.locator('.turn').last();
  const count = await page.locator('.turn').count();
  const [first, firstId] = [await turn.locator('.reply').innerText(), await turn.getAttribute('data-turn-id')];
  await turn.getByRole('button', { name: /^Ask again/ }).click();
  await turn.locator('.siblings-place', { hasText: '2 / 2' }).waitFor({ timeout: 15_000 });
  const status = await ended(turn);
  check(status === 'done', `The second answer ended as "${status}": ${await turn.innerText()}`);
  await soon(async () => (await page.locator('.turn').count()) === count, 'The second answer does not stand in the place of the first.');
  const second = await turn.locator('.reply').innerText();
  check((await turn.getAttribute('data-turn-id')) !== firstId, 'The second answer is the first one.');
  await turn.getByRole('button', { name: 'The answer before' }).click();
  await soon(async () => (await turn.locator('.reply').innerText()) === first, 'The arrow back does not show the first answer.');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await soon(async () => (await turn.locator('.reply').innerText()) === second, 'The arrow on, by the keyboard, does not show the second answer.');
}

/** The first question in other words is a branch: the arrows lead back, and what is asked then follows what is shown. */
export async function rephrase(page) {
  const first = page.locator('.turn').first();
  const [question, firstId] = [await first.locator('.question').innerText(), await first.getAttribute('data-turn-id')];
  const turns = await page.locator('.turn').count();
  const edit = first.getByRole('button', { name: /^Edit the question/ });
  const opacity = () => edit.evaluate((button) => getComputedStyle(button).opacity);
  await page.mouse.move(0, 0);
  check((await opacity()) === '0', 'The way to edit a question is shown where nobody is near it.');
  await edit.focus();
  check((await opacity()) === '1', 'The way to edit a question is out of sight for who comes by the keyboard.');
  await first.hover();
  await edit.click();
  await page.keyboard.press('Escape');
  await soon(async () => (await first.locator('.question').count()) === 1, 'Escape does not leave the question as it was.');
  await page.waitForFunction(() => document.activeElement?.classList.contains('question-edit'), null, { timeout: 15_000 });
  await page.keyboard.press('Enter');
  await page.getByLabel('Your question in other words').fill('Who lit the lamp in the tower?');
  await page.keyboard.press('Enter');
  await first.locator('.siblings-place').waitFor({ timeout: 15_000 });
  const status = await ended(first);
  check(status === 'done', `The question in other words ended as "${status}": ${await first.innerText()}`);
  await soon(async () => (await page.locator('.turn').count()) === 1, 'What followed the old question stands after the new one.');
  const branch = await put(page, 'And who put it out?');
  await ended(branch);
  const [edited, next] = [await recordOf(page, first), await recordOf(page, branch)];
  check(edited.parent_id === '' && edited.turn_id !== firstId, 'The question in other words is not a branch from the beginning.');
  check(next.parent_id === edited.turn_id, 'The next question does not follow the one that was shown.');
  for (let i = 0; i < 9 && (await first.getAttribute('data-turn-id')) !== firstId; i++) {
    await first.getByRole('button', { name: 'The version before' }).click();
  }
  await soon(async () => (await first.locator('.question').innerText()) === question, 'The arrows do not lead back to the old question.');
  await soon(async () => (await first.getAttribute('data-turn-id')) === firstId, 'The arrows do not lead back to the old answer.');
  for (let i = 0; i < 9 && (await first.getAttribute('data-turn-id')) !== edited.turn_id; i++) {
    await first.getByRole('button', { name: 'The next version' }).click();
  }
  await soon(async () => (await page.locator('.turn').count()) === 2, `The branch has ${await page.locator('.turn').count()} turns, not 2; before ${turns}.`);
}

async function recordOf(page, turn) {
  const id = await turn.getAttribute('data-turn-id');
  return page.evaluate((turnId) => fetch(`/v1/turns/${turnId}`).then((answer) => answer.json()), id);
}

/** The list names the conversation; a new one is begun, the old one opened, and deleted after a word. */
export async function conversations(page, firstQuestion) {
  const items = page.locator('.past-item');
  const titles = page.locator('.past-question');
  await titles.first().waitFor({ timeout: 15_000 });
  check((await titles.allInnerTexts()).join('|') === firstQuestion, `The list says "${await titles.allInnerTexts()}".`);
  const turns = await page.locator('.turn').count();
  const marks = await page.locator('.reply .page-chip').count();

  await page.getByRole('button', { name: 'New conversation' }).click();
  await page.locator('.threshold').waitFor({ timeout: 15_000 });
  await ask(page, 'Where is the key?');
  await items.nth(1).waitFor({ timeout: 15_000 });
  const listed = (await titles.allInnerTexts()).join('|');
  check(listed === `Where is the key?|${firstQuestion}`, `The newest conversation is not listed first: ${listed}`);

  await page.getByRole('button', { name: firstQuestion }).first().click();
  await page.locator('.turn').nth(turns - 1).waitFor({ timeout: 15_000 });
  await soon(async () => (await page.locator('.turn').count()) === turns, 'The opened conversation has not all its turns.');
  await soon(async () => (await page.locator('.reply .page-chip').count()) === marks, 'The opened conversation has not all its quotes.');

  await page.getByRole('button', { name: `Delete the conversation “${firstQuestion}”` }).click();
  await page.keyboard.press('Escape');
  check((await items.count()) === 2, 'A deletion that was not confirmed was made.');
  await page.getByRole('button', { name: `Delete the conversation “${firstQuestion}”` }).click();
  await page.getByRole('button', { name: 'Delete', exact: true }).click();
  await page.locator('.threshold').waitFor({ timeout: 15_000 });
  await soon(async () => (await titles.allInnerTexts()).join('|') === 'Where is the key?', 'The deleted conversation is still listed.');
}

/** On a small screen the list is a drawer. */
export async function drawer(page) {
  await page.setViewportSize({ width: 390, height: 800 });
  await soon(async () => (await page.locator('.past').count()) === 0, 'On a small screen the list takes room beside the conversation.');
  await page.getByRole('button', { name: 'Conversations' }).click();
  await page.locator('dialog .past-item').first().waitFor({ timeout: 15_000 });
  await page.keyboard.press('Escape');
  await page.locator('dialog .past-item').first().waitFor({ state: 'detached', timeout: 15_000 });
  await soon(() => focused(page.locator('.head-past')), 'The focus is not back where the drawer was opened.');
  await page.getByRole('button', { name: 'Conversations' }).click();
  await page.locator('dialog .past-open').first().click();
  await page.locator('.turn').first().waitFor({ timeout: 15_000 });
  await soon(async () => (await page.locator('dialog .past-item').count()) === 0, 'The drawer stays open over the conversation.');
}

async function credits(page) {
  await page.locator('.head-balance').waitFor({ timeout: 15_000 });
  return Number(/\d+/.exec(await page.locator('.head-balance').innerText())[0]);
}
