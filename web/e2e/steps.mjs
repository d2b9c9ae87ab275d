// What the parts of the page test share.

const replyLimitMs = 90_000;

export function check(holds, sentence) {
  if (!holds) throw new Error(sentence);
}

/** Waits until `holds()` is true: a page draws itself anew a moment after what it was told. */
export async function soon(holds, sentence) {
  const deadline = Date.now() + 5_000;
  while (!(await holds())) {
    check(Date.now() < deadline, sentence);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function focused(place) {
  return place.evaluate((element) => element === document.activeElement);
}

/** One space between words, no quotation marks at the ends. */
export function bare(text) {
  return text.replace(/\s+/g, ' ').replace(/^[\s"'“”‘’«»]+|[\s"'“”‘’«»]+$/g, '');
}

/** Puts a question; its turn, which may be waiting still. */
export async function put(page, question) {
  const before = await page.locator('.turn').count();
  await page.getByLabel(/^Your question to/).fill(question);
  await page.keyboard.press('Enter');
  const turn = page.locator('.turn').nth(before);
  await turn.waitFor({ timeout: 15_000 });
  return turn;
}

/** Its status once the reply has begun, or has ended already. */
export async function begun(turn) {
  return statusWithout(turn, ['waiting']);
}

/** Its status once the reply has ended. */
export async function ended(turn) {
  return statusWithout(turn, ['waiting', 'streaming']);
}

async function statusWithout(turn, statuses) {
  const deadline = Date.now() + replyLimitMs;
  for (;;) {
    const status = await turn.getAttribute('data-status');
    if (!statuses.includes(status)) return status;
    check(Date.now() < deadline, `The turn is still "${status}" after ${replyLimitMs / 1000} s.`);
    await turn.page().waitForTimeout(20);
  }
}

/** Puts a question and waits for its whole reply. */
export async function ask(page, question) {
  const turn = await put(page, question);
  const status = await ended(turn);
  check(status === 'done', `The turn ended as "${status}": ${await turn.innerText()}`);
  return turn;
}

/** The letters of a reply without the pages named in it: the same for what is shown and for what the server keeps. */
export function letters(text) {
  return text.replace(/\((p\.|pp\.|page)\s[^)]*\)?/gi, '').replace(/[^\p{L}\p{N}]+/gu, '');
}

export async function shownLetters(turn) {
  const text = await turn.locator('.reply').evaluate((reply) => {
    const copy = reply.cloneNode(true);
    for (const extra of copy.querySelectorAll('.page-chip, cite')) extra.remove();
    return copy.textContent;
  });
  return letters(text);
}
