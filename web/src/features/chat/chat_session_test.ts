import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryStore } from '../../../testing/memory_store';
import { TurnServer } from '../../../testing/turn_server';
import { ChatSession } from './chat_session';
import { viewOf, type ConversationView } from './chat_state';
import { makeChatStore } from './chat_store';
import { isRunning, type Turn } from './turn';

const arieol = { char_id: 'arieol', world: 'w' };
const words = (count: number) => Array.from({ length: count }, (_, i) => `word${i} `);
const whole = (count: number) => words(count).join('');

let server: TurnServer;
let tab = memoryStore();
let long = memoryStore();
let page: ChatSession;

/** The page as it comes up in a browser, which reads the conversation that it shows. */
function openPage(): void {
  page = new ChatSession('u', makeChatStore(tab, long));
  page.start();
  void page.load(view().id);
}

/** What the browser keeps is kept. */
function reload(): void {
  page.close();
  openPage();
}

const view = (): ConversationView => viewOf(page.getState(), 'arieol');
const shown = (): Turn[] => [...view().path.map(({ turn }) => turn), ...view().unsent];
const last = (): Turn => shown().at(-1)!;

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 50_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never: ${holds.toString()}; ${JSON.stringify(shown())}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const settled = () => until(() => shown().length > 0 && shown().every((turn) => !isRunning(turn)));

async function askAndWait(question: string): Promise<void> {
  page.ask(arieol, question, '');
  await settled();
}

beforeEach(async () => {
  server = new TurnServer();
  const realFetch = globalThis.fetch;
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => realFetch(server.url + path, init));
  await server.start();
  tab = memoryStore();
  long = memoryStore();
  openPage();
});

afterEach(async () => {
  page.close();
  for (const turn of server.turns) turn.stop = true;
  await server.close();
  vi.unstubAllGlobals();
});

describe('asking', () => {
  it('makes a conversation, and goes on in it', async () => {
    await askAndWait('Why?');
    expect(last()).toMatchObject({ turn_id: 't1', status: 'done', reply: 'Because it was there.', receipt: { charged: 5 } });
    await askAndWait('And then?');
    expect(server.turns.map((turn) => [turn.conversation_id, turn.parent_id])).toEqual([['c1', ''], ['c1', 't1']]);
    expect(shown().map((turn) => turn.question)).toEqual(['Why?', 'And then?']);
    expect(page.getState().balance).toBe(90);
  });

  it('never pays twice for a question whose answer was lost on the way', async () => {
    let lost = 1;
    server.intercept = (request, response) => {
      if (request.url !== '/v1/turns' || lost-- <= 0) return false;
      // The server takes the question, and the line drops before it can say so.
      response.writeHead = () => (response.destroy(), response);
      response.end = () => response;
      return false;
    };
    page.ask(arieol, 'Why?', '');
    await until(() => last().status === 'unreachable');
    expect(server.turns).toHaveLength(1);
    page.askAgain(last());
    await settled();
    expect(server.turns).toHaveLength(1);
    expect(shown()).toHaveLength(1);
    expect(last()).toMatchObject({ turn_id: 't1', status: 'done', reply: 'Because it was there.' });
    expect(server.balance).toBe(95);
  });

  it('keeps a refused question, also over a reload, and asks it anew', async () => {
    server.balance = 3;
    await askAndWait('Why?');
    expect(last()).toMatchObject({ status: 'refused', refusal: { kind: 'credits', needed: 5, available: 3 } });
    reload();
    expect(last()).toMatchObject({ status: 'refused', question: 'Why?' });
    server.balance = 100;
    page.askAgain(last());
    await settled();
    expect(shown()).toHaveLength(1);
    expect(last()).toMatchObject({ status: 'done', turn_id: 't1' });
    expect(makeChatStore(tab, long).loadUnsent()).toEqual([]);
  });

  it('shows a failure with what was given back, and answers in its place', async () => {
    server.script = (_question, sibling) => ({ words: ['Be', 'cause'], fails: sibling === 0 });
    await askAndWait('Why?');
    expect(last()).toMatchObject({ status: 'failed', reply: 'Because', receipt: { charged: 0, released: 5 } });
    page.askAgain(last());
    await settled();
    expect(view().path).toHaveLength(1);
    expect(view().path[0]!.siblings.map((turn) => turn.status)).toEqual(['failed', 'done']);
    expect(last().status).toBe('done');
  });

  it('starts the text again where a fallback takes over', async () => {
    server.script = () => ({ words: ['Wrong', 'Right'], between: [{ after: 1, type: 'replace', data: { reason: 'x' } }] });
    await askAndWait('Why?');
    expect(last()).toMatchObject({ reply: 'Right', restarts: 1 });
  });
});

describe('a reload', () => {
  it('in the middle of a reply brings it back from its start and reads it to its end', async () => {
    await askAndWait('Before?');
    server.script = () => ({ words: words(40), delayMs: 4 });
    page.ask(arieol, 'Why?', '');
    await until(() => last().reply.includes('word3'));
    reload();
    await until(() => shown().length === 2);
    await settled();
    expect(shown().map((turn) => turn.reply)).toEqual(['Because it was there.', whole(40)]);
    expect(last()).toMatchObject({ status: 'done', receipt: { charged: 5 } });
    expect(server.turns).toHaveLength(2);
  });

  it('gives quotes and receipts back as they were', async () => {
    const quote = {
      n: 1, page_id: '012', label: '12', title: 'T', start: 0, end: 2, text: 'Be', verified: true, origin: 'model', reply_start: 0,
      reply_end: 2,
    };
    server.script = () => ({ words: ['Be', 'cause'], between: [{ after: 1, type: 'quote', data: quote }] });
    await askAndWait('Why?');
    const before = last();
    reload();
    await until(() => shown().length === 1);
    expect(last()).toMatchObject({ reply: before.reply, quotes: [quote], receipt: before.receipt, status: 'done' });
    expect(server.count('POST /v1/turns')).toBe(1);
  });

  it('in a new tab opens the conversation that was open last', async () => {
    await askAndWait('Why?');
    tab = memoryStore();
    reload();
    await until(() => shown().length === 1);
    expect(last().question).toBe('Why?');
  });

  it('while the question was on its way sends it again under its key', async () => {
    let held = true;
    server.intercept = (request) => held && request.url === '/v1/turns';
    page.ask(arieol, 'Why?', '');
    await until(() => server.count('POST /v1/turns') === 1);
    held = false;
    reload();
    await settled();
    expect(last()).toMatchObject({ status: 'done', reply: 'Because it was there.' });
    expect(server.turns).toHaveLength(1);
  });

  it('long after leaves it to the reader whether an old question goes out', () => {
    const now = Date.now();
    server.intercept = () => true;
    page.ask(arieol, 'Why?', '');
    vi.spyOn(Date, 'now').mockReturnValue(now + 3_600_000);
    reload();
    vi.restoreAllMocks();
    expect(last()).toMatchObject({ status: 'unreachable', question: 'Why?' });
  });
});

describe('a page that is left and taken up again', () => {
  it('follows once what still runs', async () => {
    server.script = () => ({ words: words(40), delayMs: 4 });
    page.ask(arieol, 'Why?', '');
    await until(() => last().reply.includes('word2'));
    page.close();
    page.start();
    page.start();
    await settled();
    expect(last()).toMatchObject({ status: 'done', reply: whole(40) });
    expect(server.resumed).toEqual(['', '']);
  });
});

describe('a lost line', () => {
  it('is told, and mended without a word twice', async () => {
    server.script = () => ({ words: words(60), delayMs: 4 });
    page.ask(arieol, 'Why?', '');
    await until(() => last().reply.includes('word5'));
    server.cutLines();
    await until(() => last().line === 'lost');
    await settled();
    expect(last()).toMatchObject({ reply: whole(60), line: 'open', status: 'done' });
  });

  it('to a server that has forgotten the turn ends it', async () => {
    server.script = () => ({ words: words(1000), delayMs: 4 });
    page.ask(arieol, 'Why?', '');
    await until(() => last().reply !== '');
    server.turns[0]!.stop = true;
    server.turns.length = 0;
    server.cutLines();
    await until(() => last().status === 'lost');
    expect(last().reply).not.toBe('');
    server.script = () => ({ words: ['Yes.'] });
    page.askAgain(last());
    await until(() => last().status === 'done');
    expect(shown()).toHaveLength(1);
  });
});

describe('stopping', () => {
  it('keeps what has come', async () => {
    server.script = () => ({ words: words(1000), delayMs: 4 });
    page.ask(arieol, 'Why?', '');
    await until(() => last().reply !== '');
    page.stop(last());
    expect(last().stopping).toBe('asked');
    await settled();
    expect(last()).toMatchObject({ status: 'stopped', receipt: { charged: 5 } });
    expect(whole(1000).startsWith(last().reply)).toBe(true);
  });

  it('before the server has taken the question stops it then', async () => {
    server.script = () => ({ words: words(1000), delayMs: 50 });
    page.ask(arieol, 'Why?', '');
    page.stop(last());
    await settled();
    expect(last()).toMatchObject({ status: 'stopped' });
  });

  it('that is not heard is said, and may be tried again', async () => {
    server.script = () => ({ words: words(1000), delayMs: 4 });
    page.ask(arieol, 'Why?', '');
    await until(() => last().reply !== '');
    server.intercept = (request, response) => {
      const stop = request.url?.endsWith('/stop') === true;
      if (stop) response.destroy();
      return stop;
    };
    page.stop(last());
    await until(() => last().stopping === 'unheard');
    server.intercept = () => false;
    page.stop(last());
    await settled();
    expect(last().status).toBe('stopped');
  });
});

describe('siblings', () => {
  beforeEach(async () => {
    server.script = (_question, sibling) => ({ words: [`Answer ${sibling + 1}`] });
    await askAndWait('Why?');
    page.askAgain(last());
    await settled();
  });

  it('stand in one place, and the newest is shown', () => {
    expect(view().path).toHaveLength(1);
    expect(view().path[0]!.siblings.map((turn) => turn.reply)).toEqual(['Answer 1', 'Answer 2']);
    expect(last().reply).toBe('Answer 2');
  });

  it('can be chosen; the next question follows the one that is shown', async () => {
    const { siblings, after } = view().path[0]!;
    page.choose(siblings[0]!, after);
    expect(last().reply).toBe('Answer 1');
    await askAndWait('And then?');
    expect(server.turns[2]!.parent_id).toBe('t1');
    expect(shown().map((turn) => turn.turn_id)).toEqual(['t1', 't3']);
    page.choose(siblings[1]!, after);
    expect(shown().map((turn) => turn.turn_id)).toEqual(['t2']);
    await askAndWait('What else?');
    expect(server.turns[3]!.parent_id).toBe('t2');
    reload();
    await until(() => shown().length === 2);
    expect(shown().map((turn) => turn.turn_id)).toEqual(['t2', 't4']);
  });

  it('are the same after a reload', async () => {
    reload();
    await until(() => shown().length === 1);
    expect(view().path[0]!.siblings.map((turn) => turn.reply)).toEqual(['Answer 1', 'Answer 2']);
  });

  it('that were refused leave the answer and wait below it', async () => {
    server.balance = 0;
    page.askAgain(last());
    await until(() => view().unsent.length === 1);
    expect(view().path[0]!.siblings).toHaveLength(2);
    expect(last()).toMatchObject({ status: 'refused', again_of: 't2' });
    server.balance = 100;
    page.askAgain(last());
    await settled();
    expect(view().path[0]!.siblings).toHaveLength(3);
    expect(view().unsent).toEqual([]);
  });
});

describe('a question in other words', () => {
  const questions = () => shown().map((turn) => turn.question);

  it('stands in the place of the old one, after the same turn', async () => {
    for (const question of ['One?', 'Two?', 'Three?']) await askAndWait(question);
    page.rephrase(shown()[1]!, 'Two, then?', '');
    await until(() => questions().length === 2);
    await settled();
    expect(questions()).toEqual(['One?', 'Two, then?']);
    expect(server.turns[3]!.parent_id).toBe('t1');
    const { siblings, after } = view().path[1]!;
    expect(siblings.map((turn) => turn.question)).toEqual(['Two?', 'Two, then?']);
    page.choose(siblings[0]!, after);
    expect(questions()).toEqual(['One?', 'Two?', 'Three?']);
  });

  it('may be the first of its conversation', async () => {
    await askAndWait('One?');
    page.rephrase(last(), 'First?', '');
    await until(() => questions()[0] === 'First?');
    await settled();
    expect(server.turns.map((turn) => [turn.conversation_id, turn.parent_id])).toEqual([['c1', ''], ['c1', '']]);
    expect(view().path[0]!.siblings).toHaveLength(2);
    await askAndWait('And then?');
    expect(questions()).toEqual(['First?', 'And then?']);
    reload();
    await until(() => shown().length === 2);
    expect(questions()).toEqual(['First?', 'And then?']);
  });

  it('that was refused keeps its place', async () => {
    for (const question of ['One?', 'Two?', 'Three?']) await askAndWait(question);
    server.balance = 0;
    page.rephrase(shown()[1]!, 'Two, then?', '');
    await until(() => view().unsent.length === 1);
    expect(questions()).toEqual(['One?', 'Two?', 'Three?', 'Two, then?']);
    server.balance = 100;
    page.askAgain(last());
    await until(() => questions().length === 2);
    await settled();
    expect(questions()).toEqual(['One?', 'Two, then?']);
  });
});

describe('where the server puts a turn elsewhere than the page thought', () => {
  it('the page shows it there', async () => {
    for (const question of ['One?', 'Two?']) await askAndWait(question);
    page.askAgain(last());
    await settled();
    const { siblings, after } = view().path[1]!;
    page.choose(siblings[0]!, after);
    // The body is read by the stand-in, which then takes the newest turn for the parent.
    const realFetch = globalThis.fetch;
    vi.stubGlobal('fetch', (path: string, init?: RequestInit) => {
      const { parent_id: _parent, ...others } = JSON.parse(String(init?.body ?? '{}')) as Record<string, string>;
      return realFetch(path, path === '/v1/turns' ? { ...init, body: JSON.stringify(others) } : init);
    });
    await askAndWait('Three?');
    expect(shown().map((turn) => turn.turn_id)).toEqual(['t1', 't3', 't4']);
  });
});

describe('conversations', () => {
  it('are apart: a new one, and back to the old', async () => {
    await askAndWait('Why?');
    page.show('arieol', '');
    expect(shown()).toEqual([]);
    await askAndWait('Who?');
    expect(server.turns.map((turn) => turn.conversation_id)).toEqual(['c1', 'c2']);
    page.show('arieol', 'c1');
    expect(shown().map((turn) => turn.question)).toEqual(['Why?']);
  });

  it('are apart by character', async () => {
    await askAndWait('Why?');
    page.ask({ char_id: 'todd', world: 'w' }, 'Who?', '');
    await until(() => viewOf(page.getState(), 'todd').path[0]?.turn.status === 'done');
    expect(shown().map((turn) => turn.question)).toEqual(['Why?']);
  });

  it('that were deleted are gone from the page, whoever deleted them', async () => {
    await askAndWait('Why?');
    page.forget('c1');
    expect([shown(), view().id]).toEqual([[], '']);
    await askAndWait('Who?');
    server.turns.length = 0;
    reload();
    expect(view().id).toBe('c2');
    await until(() => view().id === '');
    expect(shown()).toEqual([]);
  });

  it('that do not open say why, and may be tried again', async () => {
    await askAndWait('Why?');
    server.intercept = (_request, response) => (response.writeHead(503).end('{"detail":"The store is closed."}'), true);
    reload();
    await until(() => view().load.state !== 'loading');
    expect(view().load).toEqual({ state: 'failed', message: 'The store is closed.' });
    server.intercept = () => false;
    await page.load('c1', true);
    expect(shown().map((turn) => turn.question)).toEqual(['Why?']);
  });
});
