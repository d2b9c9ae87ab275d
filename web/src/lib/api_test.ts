import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createTurn,
  deleteConversation,
  listCharacters,
  listConversations,
  loadBalance,
  loadConversation,
  loadPage,
  regenerateTurn,
} from './api';
import { retryAfterSeconds } from './http';

// A real server on a free port; only the page's relative addresses are turned into its own.
let server: Server | undefined;

async function serve(listener: RequestListener): Promise<void> {
  const started = createServer(listener);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
  const realFetch = globalThis.fetch;
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => realFetch(base + path, init));
}

afterEach(async () => {
  vi.unstubAllGlobals();
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

const request = { user_id: 'u', character_id: 'arieol', text: 'Why?' };
const created = { turn_id: 't1', conversation_id: 'c1', parent_id: '', events_url: '/v1/turns/t1/events?token=x', hold: 5 };

describe('createTurn', () => {
  it('sends the question with its key', async () => {
    let seen = '';
    await serve((incoming, response) => {
      incoming.on('data', (chunk: Buffer) => (seen += chunk.toString()));
      incoming.on('end', () => {
        seen += ` ${incoming.method} ${incoming.url} ${incoming.headers['idempotency-key']}`;
        response.writeHead(201).end(JSON.stringify({ ...created, more: 1 }));
      });
    });
    expect(await createTurn(request, 'key-1')).toEqual({ kind: 'ok', answer: created });
    expect(seen).toBe('{"user_id":"u","character_id":"arieol","text":"Why?"} POST /v1/turns key-1');
    seen = '';
    await regenerateTurn('t/1', 'key-2');
    expect(seen).toBe(' POST /v1/turns/t%2F1/regenerate key-2');
  });

  it('takes a line that drops within the answer, and a stranger’s answer, for no answer', async () => {
    const answers = ['{"turn_id":"t1",', '<html>', '{"hello":1}'];
    await serve((_incoming, response) => {
      const answer = answers.shift()!;
      response.writeHead(201, { 'Content-Length': answer.startsWith('{"turn') ? 99 : answer.length });
      response.write(answer, () => response.destroy());
    });
    for (let i = 0; i < 3; i++) expect(await createTurn(request, 'k')).toEqual({ kind: 'unreachable' });
  });

  it('names a server that is not there', async () => {
    await serve(() => undefined);
    server!.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect(await createTurn(request, 'k')).toEqual({ kind: 'unreachable' });
  });

  it.each([
    [402, {}, '{"needed":5,"available":2}', { kind: 'credits', needed: 5, available: 2 }],
    [402, {}, 'null', { kind: 'credits', needed: 0, available: 0 }],
    [402, {}, '{"needed":"5"}', { kind: 'credits', needed: 0, available: 0 }],
    [429, { 'Retry-After': '7' }, '{"detail":"Wait."}', { kind: 'busy', retry_after_s: 7, detail: 'Wait.' }],
    [404, {}, '{"title":"Gone","detail":"char not found"}', { kind: 'problem', status: 404, title: 'Gone', detail: 'char not found' }],
    [502, {}, '<html>', { kind: 'problem', status: 502, title: 'Error 502', detail: 'The server answered with status 502.' }],
  ])('reads a refusal with status %i', async (status, headers, body, refusal) => {
    await serve((_incoming, response) => response.writeHead(status, headers).end(body));
    expect(await createTurn(request, 'k')).toEqual({ kind: 'refused', refusal });
  });
});

describe('conversations', () => {
  it('are listed, read with what the record lacks filled in, and deleted', async () => {
    await serve((incoming, response) => {
      if (incoming.method === 'DELETE') return response.writeHead(204).end();
      if (incoming.url === '/v1/conversations?user_id=a+b&limit=2&after=c0') {
        return response.end('{"conversations":[{"conversation_id":"c1","title":"Why?"}],"next":"c1"}');
      }
      return response.end(
        '{"turns":[{"turn_id":"t1","parent_id":"","status":"complete","quotes":[{"page_id":"0","verified":true,"origin":"epigraph"}]},' +
          '{"turn_id":"t2","parent_id":"t1","status":"failed","error":{"code":"deadline","message":"late"},"receipt":{"charged":0}}]}',
      );
    });
    expect(await listConversations('a b', 2, 'c0')).toMatchObject({
      answer: { conversations: [{ conversation_id: 'c1', title: 'Why?', character_id: '' }], next: 'c1' },
    });
    expect(await loadConversation('c1')).toMatchObject({
      answer: [
        { turn_id: 't1', parent_id: '', sources: [], receipt: null, quotes: [{ page_id: '0', origin: 'epigraph', reply_end: -1 }] },
        { turn_id: 't2', parent_id: 't1', status: 'failed', error: { code: 'deadline', message: 'late' }, receipt: { charged: 0 } },
      ],
    });
    expect(await deleteConversation('c1')).toEqual({ kind: 'ok', answer: undefined });
  });
});

describe('loadBalance', () => {
  it('says of a new reader what the first question will bring', async () => {
    const fresh = '{"balance":0,"known":false,"opening_grant":100}';
    const known = '{"balance":7,"known":true}';
    await serve((incoming, response) => response.end(incoming.url === '/ledger/new?limit=1' ? fresh : known));
    expect(await loadBalance('new')).toEqual({ kind: 'ok', answer: 100 });
    expect(await loadBalance('old')).toEqual({ kind: 'ok', answer: 7 });
  });
});

describe('listCharacters and loadPage', () => {
  it('fills what a character lacks', async () => {
    await serve((_incoming, response) => response.end('[{"char_id":""},{"char_id":"a","color_hex":"#ff3b3b","aliases":["b"]}]'));
    const [narrator, other] = await listCharacters();
    expect(narrator).toMatchObject({ char_id: '', display_name: 'The narrator', color_hex: '#8A7F6D', aliases: [] });
    expect(other).toMatchObject({ display_name: 'a', color_hex: '#FF3B3B', aliases: ['b'] });
  });

  it('asks for a page of its world and passes the problem on', async () => {
    await serve((incoming, response) => {
      if (incoming.url === '/pages/a%2Fb?world=my%20book') response.end('{"id":"a/b","text":"T"}');
      else response.writeHead(404).end('{"detail":"No such page."}');
    });
    expect(await loadPage('a/b', 'my book')).toMatchObject({ id: 'a/b', text: 'T' });
    await expect(loadPage('c', '')).rejects.toThrow('No such page.');
  });
});

describe('retryAfterSeconds', () => {
  it.each([
    ['12', 12],
    ['Thu, 01 Jan 1970 00:00:30 GMT', 20],
    ['Thu, 01 Jan 1970 00:00:05 GMT', 0],
    ['soon', 5],
    [null, 5],
  ])('%s', (header, seconds) => {
    expect(retryAfterSeconds(header, 10_000)).toBe(seconds);
  });
});
