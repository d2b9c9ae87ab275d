// Sarah's chat screen, as it stands in its checkout, on localhost:3000 in a browser, against a server on port 8080, where it looks for
// one.
//   GIBSEY_URL=http://localhost:8080 SARAH=checkouts/Sarah node e2e/source_clients/sarah_chat.mjs
// Prints {connected, answered, stages, typing, sentiment, failed, after, back, toasts, faults}. A line "gone?" asks the test to end
// the server, and one "back?" to start it again; the word is awaited on stdin.

import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { runInBrowser } from '../browser.mjs';
import { bundle } from './bundle.mjs';

const limit = { timeout: 20_000 };
const sources = join(process.env.SARAH, 'sarah-ai-companion/frontend/src');

// What the screen is given is what our own /characters/default answers; `process` is what its framework puts in at build time.
const entry = `
  import { createRoot } from 'react-dom/client';
  import { ChatInterface } from '@/components/chat/chat-interface';
  const character = await (await fetch('http://localhost:8080/characters/default', { credentials: 'include' })).json();
  createRoot(document.getElementById('root')!).render(<ChatInterface character={character} />);
`;

async function put(page, text) {
  const box = page.locator('textarea:enabled');
  await box.waitFor(limit);
  await box.fill(text);
  await box.press('Enter');
}

/** What stands in the bubbles that are not being written. */
const bubbles = (page) => page.locator('.message-appear:not(:has(.animate-typing)) p').allInnerTexts();

async function hasBubbles(page, count) {
  await page.waitForFunction(
    (wanted) => document.querySelectorAll('.message-appear:not(:has(.animate-typing)) p').length >= wanted, count, limit);
  return bubbles(page);
}

const toasts = (page) => page.evaluate(() => window.toasts.slice());
const toasted = (page, kind, count) =>
  page.waitForFunction(([k, n]) => window.toasts.filter((one) => one[0] === k).length >= n, [kind, count], limit);

/** The screen on port 3000, its own: a page made up in the browser could not reach other ports. */
async function serve() {
  const script = await bundle(entry, sources, { 'process.env.NEXT_PUBLIC_WS_URL': '""' });
  const document = '<!doctype html><link rel="icon" href="data:,"><div id="root"></div><script type="module" src="/chat.js"></script>';
  const server = createServer((request, response) => {
    const wanted = request.url === '/chat.js' ? ['text/javascript', script] : ['text/html', document];
    response.writeHead(200, { 'Content-Type': `${wanted[0]}; charset=utf-8` }).end(wanted[1]);
  });
  await new Promise((resolve) => server.listen(3000, '127.0.0.1', resolve));
  return server;
}

/** Each length that the reply had while it was written. */
async function watchGrowth(page) {
  await page.evaluate(() => {
    window.lengths = new Set();
    window.typing = false;
    new MutationObserver(() => {
      const growing = document.querySelector('.message-appear:has(.animate-typing) p');
      if (growing) window.lengths.add(growing.textContent.length);
      if (document.querySelector('.typing-indicator')) window.typing = true;
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
}

const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
async function askTest(word) {
  console.log(word);
  await answers.next();
}

const server = await serve();
await runInBrowser("Sarah's chat screen", async (page) => {
  const told = { faults: [] };
  page.on('pageerror', (error) => told.faults.push(error.message));
  await page.goto('http://localhost:3000/chat');
  await page.getByText(/^Connected to/i).waitFor(limit);
  told.connected = await page.getByText(/^Connected to/i).innerText();
  await watchGrowth(page);

  await put(page, "I'm so happy to talk with you!");
  told.answered = await hasBubbles(page, 2);
  told.stages = await page.evaluate(() => window.lengths.size);
  told.typing = await page.evaluate(() => window.typing);
  told.sentiment = await page.locator('.message-appear').last().innerText();

  await put(page, 'now it BREAKS');
  await toasted(page, 'error', 1);
  told.failed = await toasts(page);
  await put(page, 'slow AGAIN');
  told.after = await hasBubbles(page, 5);

  await askTest('gone?');
  await page.getByText(/^Reconnecting to/i).waitFor(limit);
  await askTest('back?');
  await page.getByText(/^Connected to/i).waitFor(limit);
  await put(page, 'AGAIN after all');
  told.back = await hasBubbles(page, 7);
  told.toasts = await toasts(page);
  console.log(JSON.stringify(told));
});
server.close();
server.closeAllConnections();
process.stdin.destroy();
