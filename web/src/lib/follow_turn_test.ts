import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TurnServer } from '../../testing/turn_server';
import { createTurn } from './api';
import type { TurnEvent } from './api_types';
import { followTurn, pauseMs, Place, type FollowOutcome, type Line } from './follow_turn';

let server: TurnServer;
const realFetch = globalThis.fetch;

beforeEach(async () => {
  server = new TurnServer();
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => realFetch(path.startsWith('/') ? server.url + path : path, init));
  await server.start();
});

afterEach(async () => {
  await server.close();
  vi.unstubAllGlobals();
});

interface Followed {
  outcome: FollowOutcome;
  events: TurnEvent[];
  text: string;
  lines: Line[];
  pauses: number[];
}

async function follow(url: string, cuts = new Set<number>(), signal = new AbortController().signal): Promise<Followed> {
  const followed = { events: [] as TurnEvent[], lines: [] as Line[], pauses: [] as number[] };
  const tokens = () => followed.events.filter((event) => event.type === 'token');
  const outcome = await followTurn(url, {
    signal,
    onEvents(events) {
      followed.events.push(...events);
      if (cuts.delete(tokens().length)) server.cutLines();
    },
    onLine: (line) => followed.lines.push(line),
    async wait(ms) {
      followed.pauses.push(ms);
      await new Promise((resolve) => setTimeout(resolve, 5));
    },
  });
  return { ...followed, outcome, text: tokens().map((event) => event.text).join('') };
}

async function begin(words: number): Promise<string> {
  const all = Array.from({ length: words }, (_, i) => `word${i}\n`);
  server.script = () => ({ words: all, delayMs: 3 });
  const made = await createTurn({ user_id: 'u', character_id: 'arieol', text: 'Why?' }, 'k');
  if (made.kind !== 'ok') throw new Error(made.kind);
  return made.answer.events_url;
}

const wholeText = (words: number) => Array.from({ length: words }, (_, i) => `word${i}\n`).join('');

describe('followTurn', () => {
  it('reads a turn from its start to its end, whenever it comes', async () => {
    const url = await begin(5);
    const { outcome, events, text } = await follow(url);
    expect(outcome).toEqual({ kind: 'ended' });
    expect(text).toBe(wholeText(5));
    expect([events[0]?.type, events.at(-1)?.type]).toEqual(['turn', 'done']);
    const again = await follow(url);
    expect(again.events).toEqual(events);
  });

  it('goes on after the last event when the line is lost, and shows nothing twice', async () => {
    const { outcome, text, lines, events } = await follow(await begin(30), new Set([4, 5, 17]));
    expect(outcome).toEqual({ kind: 'ended' });
    expect(text).toBe(wholeText(30));
    expect(events.filter((event) => event.type === 'done')).toHaveLength(1);
    expect(server.resumed[0]).toBe('');
    expect(server.resumed.slice(1).every((id) => /^t1:\d+$/.test(id))).toBe(true);
    expect(server.resumed.length).toBeGreaterThanOrEqual(3);
    expect(lines[0]).toBe('open');
    expect(lines.filter((line) => line === 'lost').length).toBe(server.resumed.length - 1);
  });

  it('waits for a server that is away, longer at each try, and then goes on', async () => {
    const url = await begin(20);
    const pauses: number[] = [];
    let away = false;
    const following = followTurn(url, {
      signal: new AbortController().signal,
      onEvents() {
        if (!away) void server.close();
        away = true;
      },
      onLine: () => undefined,
      async wait(ms) {
        pauses.push(ms);
        if (pauses.length === 6) await server.start();
      },
    });
    expect(await following).toEqual({ kind: 'ended' });
    expect(pauses.slice(0, 6)).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
  });

  it('leaves at the signal', async () => {
    const url = await begin(1000);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 40);
    const { outcome, text } = await follow(url, undefined, controller.signal);
    expect(outcome).toEqual({ kind: 'left' });
    expect(wholeText(1000).startsWith(text)).toBe(true);
    server.turns[0]!.stop = true;
  });

  it('gives up where the server knows no such turn, and not where it is only busy', async () => {
    expect(await follow('/v1/turns/none/events')).toMatchObject({
      outcome: { kind: 'refused', refusal: { kind: 'problem', status: 404, detail: "There is no turn 'none'." } },
      pauses: [],
    });
    const url = await begin(2);
    const refusals = [503, 429, 502];
    server.intercept = (_request, response) => {
      const status = refusals.shift();
      if (status !== undefined) response.writeHead(status).end();
      return status !== undefined;
    };
    const { outcome, pauses } = await follow(url);
    expect(outcome).toEqual({ kind: 'ended' });
    expect(pauses).toEqual([500, 1000, 2000]);
  });
});

describe('a stream that repeats itself', () => {
  it('is read once: ids only grow, and a gap in them is none of the page’s business', async () => {
    const streams = [
      'event: token\nid: t:1\ndata: a\n\nevent: token\nid: t:2\ndata: b\n\nevent: token\nid: t:3\ndata: cut',
      'event: token\nid: t:1\ndata: a\n\nevent: token\nid: t:2\ndata: b\n\nevent: replace\nid: t:10003\ndata: {"reason":"x"}\n\n' +
        'event: token\nid: t:10004\ndata: c\n\nevent: news\nid: t:10005\ndata: {}\n\nevent: done\nid: t:10006\ndata: {}\n\n',
    ];
    const asked: string[] = [];
    const odd = createServer((request, response: ServerResponse) => {
      asked.push(String(request.headers['last-event-id'] ?? ''));
      response.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(streams[asked.length - 1]);
    });
    await new Promise<void>((resolve) => odd.listen(0, '127.0.0.1', resolve));
    const { outcome, events } = await follow(`http://127.0.0.1:${(odd.address() as AddressInfo).port}/`);
    odd.closeAllConnections();
    odd.close();
    expect(asked).toEqual(['', 't:2']);
    expect(outcome).toEqual({ kind: 'ended' });
    expect(events.map((event) => (event.type === 'token' ? event.text : event.type))).toEqual(['a', 'b', 'replace', 'c', 'done']);
  });
});

describe('Place', () => {
  it('takes each number once, and anything without one', () => {
    const place = new Place();
    expect(['t:1', 't:3', 't:2', 't:3', '', 't:4'].map((id) => place.take(id))).toEqual([true, true, false, false, true, true]);
    expect(place.lastEventId).toBe('t:4');
  });
});

describe('pauseMs', () => {
  it('doubles from half a second to eight', () => {
    expect([0, 1, 2, 3, 4, 5, 40].map(pauseMs)).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
  });
});
