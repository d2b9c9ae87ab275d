import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ask, listCharacters, loadPage, retryAfterSeconds } from './api';
import type { AskOutcome, TurnEvent } from './api_types';

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

async function askOnce(signal = new AbortController().signal): Promise<{ outcome: AskOutcome; events: TurnEvent[] }> {
  const events: TurnEvent[] = [];
  const outcome = await ask(
    { user_id: 'u', char_id: 'arieol', text: 'Why?' },
    { signal, idempotencyKey: 'key-1', onEvents: (more) => events.push(...more) },
  );
  return { outcome, events };
}

describe('ask', () => {
  it('sends the question once, with its key, and gives tokens and named events in order', async () => {
    let seen = '';
    await serve((request, response) => {
      request.on('data', (chunk: Buffer) => (seen += chunk.toString()));
      request.on('end', () => {
        seen += ` ${request.method} ${request.headers['idempotency-key']}`;
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write(': hello\n\nevent: turn\ndata: {"turn_id":"t1","hold":5}\nid: t1:1\n\ndata: a\ndata: b\n\n');
        response.write('event: news\ndata: {}\n\nevent: quote\ndata: {broken\n\n');
        response.end('event: done\ndata: {"turn_id":"t1","model":"m"}\n\n');
      });
    });
    const { outcome, events } = await askOnce();
    expect(seen).toBe('{"user_id":"u","char_id":"arieol","text":"Why?"} POST key-1');
    expect(outcome).toEqual({ kind: 'ended' });
    expect(events.map((event) => event.type)).toEqual(['turn', 'token', 'done']);
    expect(events[1]).toEqual({ type: 'token', text: 'a\nb' });
  });

  it('tells a stream that broke off from one that ended', async () => {
    await serve((_request, response) => {
      response.writeHead(200);
      response.write('data: half\n\n', () => response.destroy());
    });
    const { outcome, events } = await askOnce();
    expect(outcome).toEqual({ kind: 'broken' });
    expect(events).toEqual([{ type: 'token', text: 'half' }]);
  });

  it('knows a stop by the reader', async () => {
    const controller = new AbortController();
    await serve((_request, response) => {
      response.writeHead(200);
      response.write('data: half\n\n');
    });
    const answer = askOnce(controller.signal);
    setTimeout(() => controller.abort(), 50);
    expect((await answer).outcome).toEqual({ kind: 'stopped' });
  });

  it('names a server that is not there', async () => {
    await serve(() => undefined);
    server!.close();
    await new Promise((resolve) => setImmediate(resolve));
    expect((await askOnce()).outcome).toEqual({ kind: 'unreachable' });
  });

  it.each([
    [402, {}, '{"needed":5,"available":2}', { kind: 'credits', needed: 5, available: 2 }],
    [429, { 'Retry-After': '7' }, '{"detail":"Wait."}', { kind: 'busy', retry_after_s: 7, detail: 'Wait.' }],
    [404, {}, '{"title":"Gone","detail":"char not found"}', { kind: 'problem', status: 404, title: 'Gone', detail: 'char not found' }],
    [502, {}, '<html>', { kind: 'problem', status: 502, title: 'Error 502', detail: 'The server answered with status 502.' }],
  ])('reads a refusal with status %i', async (status, headers, body, refusal) => {
    await serve((_request, response) => response.writeHead(status, headers).end(body));
    expect((await askOnce()).outcome).toEqual({ kind: 'refused', refusal });
  });
});

describe('listCharacters and loadPage', () => {
  it('fills what a character lacks', async () => {
    await serve((_request, response) => response.end('[{"char_id":""},{"char_id":"a","color_hex":"#ff3b3b","aliases":["b"]}]'));
    const [narrator, other] = await listCharacters();
    expect(narrator).toMatchObject({ char_id: '', display_name: 'The narrator', color_hex: '#8A7F6D', aliases: [] });
    expect(other).toMatchObject({ display_name: 'a', color_hex: '#FF3B3B', aliases: ['b'] });
  });

  it('asks for a page of its world and passes the problem on', async () => {
    await serve((request, response) => {
      if (request.url === '/pages/a%2Fb?world=my%20book') response.end('{"id":"a/b","text":"T"}');
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
