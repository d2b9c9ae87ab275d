// websocketService.ts, as it stands in its checkout, against a server on port 8000, where it looks for one.
//   THE_GIBSEY_PROJECT=checkouts/the-gibsey-project node --experimental-websocket e2e/source_clients/session_service.mjs
// Prints {messages}: what its callback was given, until the third reply was complete.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundle } from './bundle.mjs';

const sources = join(process.env.THE_GIBSEY_PROJECT, 'src');
const print = console.log;
console.log = () => {}; // the service tells every message

const folder = await mkdtemp(join(tmpdir(), 'gibsey-service-'));
const file = join(folder, 'service.mjs');
await writeFile(file, await bundle("export * from './services/websocketService';", sources));
const { getWebSocketService } = await import(pathToFileURL(file));
await rm(folder, { recursive: true });

const messages = [];
let resolveWaiting = () => {};
const service = getWebSocketService();
await service.connect();
const unsubscribe = service.onMessage((message) => {
  messages.push(message);
  resolveWaiting();
});

async function until(holds) {
  const deadline = Date.now() + 20_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`The service heard no more than ${JSON.stringify(messages).slice(-1000)}`);
    await Promise.race([new Promise((resolve) => (resolveWaiting = resolve)), new Promise((resolve) => setTimeout(resolve, 500))]);
  }
}
const complete = () => messages.filter((message) => message.data.is_complete).length;

try {
  service.sendChatRequest('What is consciousness?', 'london-fox', undefined);
  await until(() => complete() === 1);
  service.send({ type: 'no_such_message', data: {} });
  await until(() => messages.some((message) => message.type === 'error'));
  service.sendChatRequest('now it BREAKS', 'london-fox', '001');
  await until(() => messages.filter((message) => message.type === 'error').length === 2);
  await until(() => complete() === 2);
  service.sendChatRequest('once more AGAIN', 'arieol', '001');
  await until(() => complete() === 3);
  unsubscribe();
  service.disconnect();
  print(JSON.stringify({ messages }));
  process.exit(0);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
