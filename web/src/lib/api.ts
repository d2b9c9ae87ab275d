// The server's paths. Every outcome is a value; nothing here throws but listCharacters and loadPage,
// whose Error.message is a sentence for the reader.

import type { AskOutcome, AskRequest, Character, Page, Refusal, TurnEvent } from './api_types';
import { decodeCharacter, decodePage, decodeTurnEvent } from './decode';
import { SseParser } from './sse';

const unreachable = 'The server does not answer. Is `gibsey serve` running?';
/** The server sends a comment every 15 s; three missed ones mean that the line is dead. */
const silenceLimitMs = 50_000;

/** Rejects with a plain sentence. */
export async function listCharacters(signal?: AbortSignal): Promise<Character[]> {
  const body = await getJson('/characters', signal);
  if (!Array.isArray(body)) throw new Error('The server sent no list of characters.');
  return body.map(decodeCharacter);
}

/** Rejects with a plain sentence. `world` may be empty: then the server's first world. */
export async function loadPage(pageId: string, world: string, signal?: AbortSignal): Promise<Page> {
  const query = world === '' ? '' : `?world=${encodeURIComponent(world)}`;
  return decodePage(await getJson(`/pages/${encodeURIComponent(pageId)}${query}`, signal));
}

async function getJson(path: string, signal?: AbortSignal): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, { headers: { Accept: 'application/json' }, signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Error(unreachable);
  }
  if (!response.ok) throw new Error((await readProblem(response)).detail);
  try {
    return await response.json();
  } catch {
    throw new Error('The server sent something that is no JSON.');
  }
}

export interface AskOptions {
  signal: AbortSignal;
  /** The same key for the same question asked again after a lost line: it is then charged once. */
  idempotencyKey: string;
  /** Called once for each piece of the stream, with all events that it completed. */
  onEvents: (events: TurnEvent[]) => void;
}

export async function ask(request: AskRequest, options: AskOptions): Promise<AskOutcome> {
  let response: Response;
  try {
    response = await fetch('/ask', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'text/event-stream',
        'Idempotency-Key': options.idempotencyKey,
      },
      body: JSON.stringify(request),
      signal: options.signal,
    });
  } catch {
    return options.signal.aborted ? { kind: 'stopped' } : { kind: 'unreachable' };
  }
  if (!response.ok || response.body === null) {
    return { kind: 'refused', refusal: await readRefusal(response) };
  }
  return follow(response.body.getReader(), options);
}

async function follow(reader: ReadableStreamDefaultReader<Uint8Array>, options: AskOptions): Promise<AskOutcome> {
  const parser = new SseParser();
  let closed = false;
  try {
    for (;;) {
      const piece = await withinSilence(reader.read());
      if (piece.done) break;
      const events = parser.push(piece.value).map(decodeTurnEvent).filter((event) => event !== undefined);
      closed ||= events.some((event) => event.type === 'done' || event.type === 'error');
      if (events.length > 0) options.onEvents(events);
    }
  } catch {
    // A line that drops after `done` has lost nothing.
    if (options.signal.aborted && !closed) return { kind: 'stopped' };
    reader.cancel().catch(() => undefined);
  }
  return closed ? { kind: 'ended' } : { kind: 'broken' };
}

function withinSilence<T>(read: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('silence')), silenceLimitMs);
    read.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

export async function readRefusal(response: Response): Promise<Refusal> {
  if (response.status === 402) {
    const body = (await response.json().catch(() => ({}))) as Partial<Record<'needed' | 'available', number>>;
    return { kind: 'credits', needed: body.needed ?? 0, available: body.available ?? 0 };
  }
  const problem = await readProblem(response);
  if (response.status === 429) {
    const wait = retryAfterSeconds(response.headers.get('Retry-After'), Date.now());
    return { kind: 'busy', retry_after_s: wait, detail: problem.detail };
  }
  return { kind: 'problem', ...problem };
}

async function readProblem(response: Response): Promise<{ status: number; title: string; detail: string }> {
  const body = (await response.json().catch(() => null)) as { title?: unknown; detail?: unknown } | null;
  const title = typeof body?.title === 'string' ? body.title : `Error ${response.status}`;
  const detail = typeof body?.detail === 'string' ? body.detail : `The server answered with status ${response.status}.`;
  return { status: response.status, title, detail };
}

/** Seconds to wait by a Retry-After header (a number or an HTTP date); 5 where it says nothing usable. */
export function retryAfterSeconds(header: string | null, nowMs: number): number {
  const value = header?.trim() ?? '';
  if (/^\d+$/.test(value)) return Number(value);
  const date = value === '' ? NaN : Date.parse(value);
  return Number.isNaN(date) ? 5 : Math.max(0, Math.ceil((date - nowMs) / 1000));
}
