// A browser that records what it shows, told what to show line by line on stdin (tools/demo/demo.py):
//   {"caption": "<html>"}   a card of text       {"ask": "question"}   the page of Gibsey at GIBSEY_URL, the question, its whole reply
//   {"rest": seconds}                             {"end": true}
// Every frame that the browser draws is written to FRAMES as SECONDS.jpg; after each line "done" is printed.

import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { base, runInBrowser } from './browser.mjs';
import { ask } from './steps.mjs';

const folder = process.env.FRAMES;

async function record(page) {
  const session = await page.context().newCDPSession(page);
  const begun = Date.now();
  session.on('Page.screencastFrame', async ({ data, sessionId }) => {
    writeFileSync(`${folder}/${((Date.now() - begun) / 1000).toFixed(3).padStart(8, '0')}.jpg`, Buffer.from(data, 'base64'));
    await session.send('Page.screencastFrameAck', { sessionId }).catch(() => {});
  });
  await session.send('Page.startScreencast', { format: 'jpeg', quality: 90, everyNthFrame: 1 });
}

async function show(page, step) {
  if (step.caption) await page.setContent(step.caption);
  if (step.rest) await page.waitForTimeout(step.rest * 1000);
  if (step.ask) {
    await page.goto(base);
    await ask(page, step.ask);
  }
}

runInBrowser('recording', async (page) => {
  await page.setViewportSize({ width: 1040, height: 660 });
  await page.setContent('');
  await record(page);
  for await (const line of createInterface({ input: process.stdin })) {
    const step = JSON.parse(line);
    if (step.end) break;
    await show(page, step);
    console.log('done');
  }
});
