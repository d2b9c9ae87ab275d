// Follows turns by the browser's own EventSource until it gives up, and tells what it heard.
//   GIBSEY_URL=http://127.0.0.1:8002 QUESTIONS='["slow"]' node e2e/event_source.mjs
// A line {turn_id: question} for each turn goes out before its stream is opened, and the test's word is awaited on stdin; the last
// line is {question: {events: [{type, data, id}], opened, state}}.

import { createInterface } from 'node:readline';
import { base, runInBrowser } from './browser.mjs';

const questions = JSON.parse(process.env.QUESTIONS);

/** In the page: asks, and gives the turn. */
async function start(question) {
  const answer = await fetch('/v1/turns', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ user_id: 'watcher', character_id: 'arieol', text: question }),
  });
  if (answer.status !== 201) throw new Error(`POST /v1/turns answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

/** In the page: listens until the browser closes the source by itself. */
function listen(url) {
  const types = ['turn', 'sources', 'context', 'token', 'quote', 'replace', 'usage', 'ledger', 'done', 'error', 'message'];
  const heard = { events: [], opened: 0, state: 0 };
  return new Promise((resolve) => {
    const source = new EventSource(url);
    source.onopen = () => (heard.opened += 1);
    for (const type of types) {
      source.addEventListener(type, (event) => {
        if (event.data !== undefined) heard.events.push({ type, data: event.data, id: event.lastEventId });
      });
    }
    source.addEventListener('error', (event) => {
      if (event.data !== undefined || source.readyState !== EventSource.CLOSED) return;
      heard.state = source.readyState;
      resolve(heard);
    });
  });
}

await runInBrowser('EventSource', async (page) => {
  await page.goto(`${base}/live`);
  const turns = {};
  for (const question of questions) turns[question] = await page.evaluate(start, question);
  console.log(JSON.stringify(Object.fromEntries(questions.map((question) => [turns[question].turn_id, question]))));
  const input = createInterface({ input: process.stdin });
  await new Promise((resolve) => input.once('line', resolve));
  input.close();
  const heard = {};
  await Promise.all(questions.map(async (question) => {
    heard[question] = await page.evaluate(listen, turns[question].events_url);
  }));
  console.log(JSON.stringify(heard));
});
