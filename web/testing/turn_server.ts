// The turns API of the server in small, for tests of the page's own logic: turns with a log that goes on without readers, replay
// and resume, idempotency keys, credits, branches, conversations, sign-in. Its replies are scripted. It listens on a free port.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface ScriptedReply {
  words: readonly string[];
  /** Before each word. */
  delayMs?: number;
  /** Between the words: an event of this name and JSON after so many words. */
  between?: { after: number; type: string; data: unknown }[];
  /** The reply ends here with an error. */
  fails?: boolean;
}

interface LoggedEvent {
  type: string;
  data: string;
}

export interface ServedTurn {
  turn_id: string;
  conversation_id: string;
  /** Empty is the first. */
  parent_id: string;
  user_id: string;
  character_id: string;
  question: string;
  world: string;
  created: string;
  status: string;
  reply: string;
  log: LoggedEvent[];
  stop: boolean;
}

const cost = 5;

export class TurnServer {
  readonly turns: ServedTurn[] = [];
  /** "POST /v1/turns" and so on, in order. */
  readonly seen: string[] = [];
  /** The Last-Event-ID of each request for events; "" for none. */
  readonly resumed: string[] = [];
  balance = 100;
  /** Who a token is for. Where there is none, nobody signs in. */
  tokens: Readonly<Record<string, string>> = {};
  /** Whose session cookie the one browser has. */
  cookie = '';
  /** A browser that drops cookies. */
  dropsCookies = false;
  expires = '2030-01-01T12:00:00.000Z';
  /** The reply to a question. */
  script: (question: string, sibling: number) => ScriptedReply = () => ({ words: ['Because', ' it', ' was', ' there.'] });
  /** Answers a request in the place of the server; true where it did. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;

  private begun = 0;
  private readonly claims = new Map<string, string>();
  private readonly sockets = new Set<Socket>();
  private readonly wakers = new Set<() => void>();
  private server: Server | undefined;
  private port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.answer(request, response));
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Every connection is lost; the turns go on. */
  cutLines(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Not reachable until start(). */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => (this.server ? this.server.close(resolve) : resolve(undefined)));
    this.cutLines();
    await closed;
    this.server = undefined;
  }

  count(line: string): number {
    return this.seen.filter((seen) => seen === line).length;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    this.seen.push(`${request.method} ${url.pathname}`);
    const body = await textOf(request);
    if (this.intercept(request, response)) return;
    if (url.pathname === '/v1/session') return this.answerSession(request, response);
    if (this.auth && this.cookie === '') return json(response, 401, { detail: 'Sign in: send a token.' });
    const [, kind, id = '', what = ''] = /^\/v1\/(turns|conversations)(?:\/([^/]+))?(?:\/(.+))?$/.exec(url.pathname) ?? [];
    const key = String(request.headers['idempotency-key'] ?? '');
    if (url.pathname.startsWith('/ledger/')) return json(response, 200, { balance: this.balance, known: true, entries: [] });
    if (kind === 'conversations') return this.answerConversation(request, response, id, url);
    if (kind !== 'turns') return json(response, 404, { detail: 'There is nothing at this address.' });
    if (id === '') return this.create(response, key, JSON.parse(body) as Record<string, string>);
    const turn = this.turns.find((served) => served.turn_id === id);
    if (!turn) return json(response, 404, { detail: `There is no turn '${id}'.` });
    if (what === 'events') return this.follow(request, response, turn);
    if (what === 'stop') return this.stop(response, turn);
    if (what === '') return json(response, 200, recordOf(turn));
    return this.begin(response, `${key} again ${id}`, { ...turn, text: turn.question }, turn.parent_id);
  }

  private create(response: ServerResponse, key: string, asked: Record<string, string>): void {
    if (this.auth && asked.user_id !== this.cookie) return json(response, 403, { detail: 'The user_id is not yours.' });
    const others = this.turns.filter((turn) => turn.conversation_id === asked.conversation_id);
    const parentId = asked.parent_id ?? others.at(-1)?.turn_id ?? '';
    if (parentId !== '' && !others.some((turn) => turn.turn_id === parentId)) {
      return json(response, 422, { detail: `The conversation has no turn '${parentId}' that could be followed.` });
    }
    this.begin(response, key, asked, parentId);
  }

  private begin(response: ServerResponse, key: string, asked: Record<string, unknown>, parentId: string): void {
    const claimed = this.turns.find((turn) => turn.turn_id === this.claims.get(key));
    if (claimed) return this.announce(response, claimed);
    if (this.balance < cost) return json(response, 402, { needed: cost, available: this.balance });
    const number = ++this.begun;
    const turn: ServedTurn = {
      turn_id: `t${number}`,
      conversation_id: String(asked.conversation_id ?? `c${number}`),
      parent_id: parentId,
      user_id: String(asked.user_id),
      character_id: String(asked.character_id),
      question: String(asked.text),
      world: String(asked.world ?? 'w'),
      created: new Date(Date.now()).toISOString(),
      status: 'running',
      reply: '',
      log: [],
      stop: false,
    };
    const siblings = this.turns.filter((other) => other.conversation_id === turn.conversation_id && other.parent_id === parentId);
    this.turns.push(turn);
    this.claims.set(key, turn.turn_id);
    this.balance -= cost;
    this.log(turn, 'turn', { turn_id: turn.turn_id, conversation_id: turn.conversation_id, hold: cost });
    this.log(turn, 'sources', []);
    void this.reply(turn, this.script(turn.question, siblings.length));
    this.announce(response, turn);
  }

  private announce(response: ServerResponse, turn: ServedTurn): void {
    const { turn_id, conversation_id, parent_id } = turn;
    json(response, 201, { turn_id, conversation_id, parent_id, events_url: `/v1/turns/${turn_id}/events`, hold: cost });
  }

  private async reply(turn: ServedTurn, script: ScriptedReply): Promise<void> {
    for (const [i, word] of script.words.entries()) {
      await new Promise((resolve) => setTimeout(resolve, script.delayMs ?? 0));
      if (turn.stop) break;
      turn.reply += word;
      this.log(turn, 'token', word);
      for (const { after, type, data } of script.between ?? []) if (after === i + 1) this.log(turn, type, data);
    }
    const charged = script.fails || (turn.stop && turn.reply === '') ? 0 : cost;
    turn.status = script.fails ? 'failed' : turn.stop ? 'stopped' : 'complete';
    this.balance += cost - charged;
    this.log(turn, 'ledger', receiptOf(turn, charged, this.balance));
    const failure = { code: 'unavailable', message: 'the model went away', retryable: true, released: true };
    const end = { turn_id: turn.turn_id, finish_reason: turn.stop ? 'stopped_by_reader' : 'stop', model: 'm' };
    this.log(turn, script.fails ? 'error' : 'done', script.fails ? failure : end);
  }

  private log(turn: ServedTurn, type: string, data: unknown): void {
    turn.log.push({ type, data: type === 'token' ? String(data) : JSON.stringify(data) });
    for (const wake of this.wakers) wake();
  }

  private follow(request: IncomingMessage, response: ServerResponse, turn: ServedTurn): void {
    const last = String(request.headers['last-event-id'] ?? '');
    this.resumed.push(last);
    let at = Number(last.split(':')[1] ?? 0);
    if (at === turn.log.length && turn.status !== 'running') return void response.writeHead(204).end();
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write(': ok\n\n');
    const send = () => {
      for (; at < turn.log.length; at++) {
        const { type, data } = turn.log[at]!;
        const lines = data.split('\n').map((line) => `data: ${line}\n`);
        response.write(`event: ${type}\nid: ${turn.turn_id}:${at + 1}\n${lines.join('')}\n`);
        if (type === 'done' || type === 'error') response.end();
      }
    };
    this.wakers.add(send);
    response.on('close', () => this.wakers.delete(send));
    send();
  }

  private stop(response: ServerResponse, turn: ServedTurn): void {
    turn.stop = true;
    json(response, 202, { turn_id: turn.turn_id, status: turn.status === 'running' ? 'stopping' : 'ended' });
  }

  private get auth(): boolean {
    return Object.keys(this.tokens).length > 0;
  }

  private answerSession(request: IncomingMessage, response: ServerResponse): void {
    if (!this.auth) return json(response, 200, { auth: 'off', user_id: null, admin: false, expires: null });
    if (request.method === 'DELETE') {
      this.cookie = '';
      return void response.writeHead(204).end();
    }
    const token = request.headers.authorization?.replace('Bearer ', '');
    const who = token === undefined ? this.cookie : (this.tokens[token] ?? '');
    if (token === 'a-service') return json(response, 422, { detail: "A service must name the user it acts for in 'user_id'." });
    if (who === '') return json(response, 401, { detail: 'The token or API key is not valid.' });
    if (!this.dropsCookies) this.cookie = who;
    json(response, 200, { auth: 'on', user_id: who, admin: who === 'root', expires: this.expires });
  }

  private answerConversation(request: IncomingMessage, response: ServerResponse, id: string, url: URL): void {
    if (id === '') return json(response, 200, { conversations: this.conversations(url.searchParams.get('user_id')), next: null });
    const turns = this.turns.filter((turn) => turn.conversation_id === id);
    if (turns.length === 0) return json(response, 404, { detail: `There is no conversation '${id}'.` });
    if (request.method === 'GET') return json(response, 200, { conversation_id: id, turns: turns.map(recordOf) });
    if (turns.some((turn) => turn.status === 'running')) return json(response, 409, { detail: 'One of its turns is running.' });
    for (const turn of turns) this.turns.splice(this.turns.indexOf(turn), 1);
    response.writeHead(204).end();
  }

  private conversations(userId: string | null): unknown[] {
    const ids = [...new Set(this.turns.filter((turn) => turn.user_id === userId).map((turn) => turn.conversation_id))];
    return ids.reverse().map((conversation_id) => {
      const turns = this.turns.filter((turn) => turn.conversation_id === conversation_id);
      const last = turns[turns.length - 1]!;
      const { character_id, world, created } = last;
      return { conversation_id, character_id, world, title: turns[0]!.question, turns: turns.length, updated: created };
    });
  }
}

function receiptOf(turn: ServedTurn, charged: number, balance: number): unknown {
  const reason = { complete: 'complete', failed: 'failed', stopped: 'stopped by the reader after the first token' }[turn.status];
  const rule = `${reason}: ${charged > 0 ? 'charged' : 'released'} in full`;
  return { held: cost, charged, released: cost - charged, balance, rule };
}

/** What the log says, as the record does. */
function recordOf(turn: ServedTurn): unknown {
  const all = (type: string) => turn.log.filter((event) => event.type === type).map((event) => JSON.parse(event.data) as unknown);
  const { log: _log, stop: _stop, ...record } = turn;
  return {
    ...record,
    sources: all('sources')[0] ?? [],
    quotes: all('quote'),
    receipt: all('ledger')[0] ?? null,
    error: all('error')[0] ?? null,
    finish_reason: turn.status === 'running' ? '' : 'stop',
    model: 'm',
  };
}

function json(response: ServerResponse, status: number, body: unknown): void {
  const type = status < 400 || status === 402 ? 'application/json' : 'application/problem+json';
  response.writeHead(status, { 'Content-Type': type }).end(JSON.stringify(body));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
