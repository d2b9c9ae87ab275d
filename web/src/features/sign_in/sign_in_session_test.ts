import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TurnServer } from '../../../testing/turn_server';
import { loadBalance } from '../../lib/api';
import { call } from '../../lib/http';
import { tabStore } from '../../lib/storage';
import { ChatSession } from '../chat/chat_session';
import { viewOf } from '../chat/chat_state';
import { makeChatStore } from '../chat/chat_store';
import { SignInSession, type Standing } from './sign_in_session';

const tokens = { 'gbs_ann': 'ann', 'gbs_ben': 'ben', 'gbs_root': 'root' };

let server: TurnServer;
let sessions: { session: SignInSession; end: () => void }[] = [];

/** A tab of the one browser. */
function openTab(): SignInSession {
  const session = new SignInSession();
  sessions.push({ session, end: session.start() });
  return session;
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 50_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never: ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** "in ann good", "out" */
function told(standing: Standing): string {
  return standing.state === 'in' ? `in ${standing.reader.user_id} ${standing.session}` : standing.state;
}

const is = (session: SignInSession, wanted: string) => until(() => told(session.getStanding()) === wanted);

async function signedIn(): Promise<SignInSession> {
  const session = openTab();
  await is(session, 'out');
  expect(await session.signIn('gbs_ann')).toBe('');
  return session;
}

/** What the browser keeps. */
const kept = () => tabStore.keys().filter((key) => key.includes('@'));

beforeEach(async () => {
  server = new TurnServer();
  server.tokens = tokens;
  const realFetch = globalThis.fetch;
  vi.stubGlobal('fetch', (path: string, init?: RequestInit) => realFetch(server.url + path, init));
  await server.start();
});

afterEach(async () => {
  for (const { end } of sessions) end();
  sessions = [];
  for (const turn of server.turns) turn.stop = true;
  await server.close();
  vi.unstubAllGlobals();
});

describe('signing in', () => {
  it('is not asked for where the server wants none', async () => {
    server.tokens = {};
    const session = openTab();
    await until(() => session.getStanding().state === 'in');
    const standing = session.getStanding();
    expect(standing.state === 'in' && standing.reader).toMatchObject({ signed_in: false, user_id: expect.stringMatching(/^reader-/) });
  });

  it('says why the server is not there, and tries again', async () => {
    const url = server.url;
    await server.close();
    const session = openTab();
    await is(session, 'failed');
    await server.start();
    expect(server.url).toBe(url);
    session.retry();
    await is(session, 'out');
  });

  it('lets the right one in, and says what is wrong with others', async () => {
    const session = openTab();
    await is(session, 'out');
    expect(await session.signIn(' ')).toMatch(/Paste/);
    expect(await session.signIn('gbs_zed')).toBe('The token or API key is not valid.');
    expect(await session.signIn('a-service')).toMatch(/service/);
    expect(told(session.getStanding())).toBe('out');
    expect(await session.signIn('Bearer gbs_root\n')).toBe('');
    const standing = session.getStanding();
    expect(standing.state === 'in' && standing.reader).toMatchObject({ user_id: 'root', admin: true, signed_in: true });
  });

  it('tells when the browser drops the cookie', async () => {
    server.dropsCookies = true;
    const session = openTab();
    await is(session, 'out');
    expect(await session.signIn('gbs_ann')).toMatch(/cookies/);
    expect(told(session.getStanding())).toBe('out');
  });

  it('leaves the token nowhere', async () => {
    const session = await signedIn();
    expect(JSON.stringify(session)).not.toContain('gbs_ann');
    expect(server.seen.join()).not.toContain('gbs_ann');
    expect(tabStore.keys().map((key) => key + tabStore.get(key)).join()).not.toContain('gbs_ann');
  });
});

describe('a session that ends', () => {
  it('has a request wait for the sign-in, and go out again', async () => {
    const session = await signedIn();
    server.cookie = '';
    const answers = [call('/v1/conversations?user_id=ann', {}), call('/v1/conversations?user_id=ann', {})];
    await is(session, 'in ann ended');
    expect(await session.signIn('gbs_zed')).toMatch(/not valid/);
    expect(await session.signIn('gbs_ann')).toBe('');
    for (const answer of answers) expect(await answer).toMatchObject({ kind: 'ok' });
    expect(told(session.getStanding())).toBe('in ann good');
  });

  it('is not asked for twice where the reader does not want to', async () => {
    const session = await signedIn();
    server.cookie = '';
    const first = call('/ledger/ann', {});
    await is(session, 'in ann ended');
    session.later();
    expect(await first).toMatchObject({ kind: 'refused', refusal: { status: 401 } });
    expect(told(session.getStanding())).toBe('in ann later');
    const next = call('/ledger/ann', {});
    await is(session, 'in ann ended');
    await session.signIn('gbs_ann');
    expect(await next).toMatchObject({ kind: 'ok' });
  });

  it('interrupts nobody for what the page asks by itself', async () => {
    const session = await signedIn();
    server.cookie = '';
    expect(await loadBalance('ann')).toMatchObject({ kind: 'refused', refusal: { status: 401 } });
    expect(told(session.getStanding())).toBe('in ann later');
    expect(await session.signIn('gbs_ann')).toBe('');
    expect(await loadBalance('ann')).toMatchObject({ kind: 'ok' });
  });

  it('sends nothing of one reader out under another', async () => {
    const session = await signedIn();
    server.cookie = '';
    const asked = call('/ledger/ann', {});
    await is(session, 'in ann ended');
    await session.signIn('gbs_ben');
    expect(await asked).toMatchObject({ kind: 'refused', refusal: { status: 401 } });
    expect(told(session.getStanding())).toBe('in ben good');
  });

  it('asks a server that will not have it no more than three times', async () => {
    const session = await signedIn();
    server.intercept = (request, response) => {
      if (request.url !== '/ledger/ann') return false;
      response.writeHead(401).end('{"detail":"No."}');
      return true;
    };
    expect(await call('/ledger/ann', {})).toMatchObject({ kind: 'refused' });
    expect(server.count('GET /ledger/ann')).toBe(3);
    expect(told(session.getStanding())).toBe('in ann good');
  });

  it('loses no question and no word of a reply', async () => {
    const session = await signedIn();
    const standing = session.getStanding();
    if (standing.state !== 'in') throw new Error('not in');
    const { tab, long } = standing.reader;
    const page = new ChatSession('ann', makeChatStore(tab, long));
    page.start();
    const turns = () => viewOf(page.getState(), 'arieol').path.map(({ turn }) => turn);
    const words = Array.from({ length: 40 }, (_, i) => `word${i} `);
    server.script = () => ({ words, delayMs: 4 });
    page.ask({ char_id: 'arieol', world: 'w' }, 'Why?', '');
    await until(() => turns()[0]?.reply.includes('word3') === true);
    server.cookie = '';
    server.cutLines();
    await until(() => turns()[0]!.line === 'closed');
    session.later();
    await until(() => server.turns[0]!.status === 'complete');
    expect(await session.signIn('gbs_ann')).toBe('');
    await until(() => turns()[0]!.status === 'done');
    expect(turns()[0]!.reply).toBe(words.join(''));

    server.cookie = '';
    page.ask({ char_id: 'arieol', world: 'w' }, 'And then?', '');
    await is(session, 'in ann ended');
    expect(kept().some((key) => tab.get(key.slice('ann@'.length))?.includes('And then?'))).toBe(true);
    await session.signIn('gbs_ann');
    await until(() => turns()[1]?.status === 'done');
    expect(server.turns.map((turn) => [turn.question, turn.parent_id])).toEqual([['Why?', ''], ['And then?', 't1']]);
    page.close();
  });
});

describe('tabs of one browser', () => {
  it('go out together, and forget the reader', async () => {
    const first = await signedIn();
    const second = openTab();
    await is(second, 'in ann good');
    const standing = second.getStanding();
    if (standing.state === 'in') standing.reader.tab.set('gibsey.draft.x', 'Half a que');
    expect(kept()).not.toEqual([]);
    expect(await first.signOut()).toBe('');
    await is(second, 'out');
    expect(kept()).toEqual([]);
  });

  it('follow another sign-in', async () => {
    const first = await signedIn();
    const second = openTab();
    await is(second, 'in ann good');
    server.cookie = '';
    await second.signIn('gbs_ben');
    await is(first, 'in ben good');
  });
});

describe('signing out', () => {
  it('says that it did not happen', async () => {
    const session = await signedIn();
    await server.close();
    expect(await session.signOut()).toMatch(/^You are still signed in\./);
    expect(told(session.getStanding())).toBe('in ann good');
  });

  it('keeps what one reader typed from another', async () => {
    const session = await signedIn();
    const before = session.getStanding();
    if (before.state === 'in') before.reader.tab.set('gibsey.draft.x', 'Half a que');
    server.cookie = '';
    await session.signIn('gbs_ben');
    const after = session.getStanding();
    expect(after.state === 'in' && after.reader.tab.get('gibsey.draft.x')).toBeNull();
  });
});
