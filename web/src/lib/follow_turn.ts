// The stream of a turn, from its start to its end, over as many connections as it takes. The turn goes on at the server whether
// or not anyone follows; a new connection says by Last-Event-ID what the page has.

import type { Refusal, TurnEvent } from './api_types';
import { decodeTurnEvent } from './decode';
import { untilSignedIn } from './gate';
import { readRefusal } from './http';
import { pause } from './pause';
import { SseParser, type ServerEvent } from './sse';

/** The server sends a comment every 15 s; after two missed ones the line is held to be dead. */
const silenceLimitMs = 35_000;
const silenceCheckMs = 5_000;
const firstPauseMs = 500;
const longestPauseMs = 8_000;

/** `lost`: it is tried again. `closed`: the reader must sign in before it is. */
export type Line = 'open' | 'lost' | 'closed';

export interface FollowOptions {
  signal: AbortSignal;
  /** Called once for each piece of the stream, with all events that it completed and that were not seen before. */
  onEvents: (events: TurnEvent[]) => void;
  /** How the line is from now on. */
  onLine: (line: Line) => void;
  wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export type FollowOutcome =
  /** All events have come. */
  | { kind: 'ended' }
  /** The caller's signal. */
  | { kind: 'left' }
  /** The server will not tell this turn. */
  | { kind: 'refused'; refusal: Refusal };

export async function followTurn(url: string, options: FollowOptions): Promise<FollowOutcome> {
  const place = new Place();
  for (let tries = 0; ; tries++) {
    const before = place.lastEventId;
    const outcome = await followOnce(url, options, place);
    const over = typeof outcome === 'object';
    if (options.signal.aborted && !(over && outcome.kind === 'ended')) return { kind: 'left' };
    if (over) return outcome;
    if (place.lastEventId !== before) tries = 0;
    options.onLine(outcome);
    if (outcome === 'closed') await untilSignedIn(options.signal);
    await (options.wait ?? pause)(pauseMs(tries), options.signal);
  }
}

/** 0.5 s, doubled at each try, at most 8 s. */
export function pauseMs(tries: number): number {
  return Math.min(firstPauseMs * 2 ** tries, longestPauseMs);
}

/** How far the stream was read. Ids are `<turn_id>:<seq>`, their numbers only grow. */
export class Place {
  lastEventId = '';
  private seq = 0;

  /** False for an event that was taken before. */
  take(id: string): boolean {
    const number = /:(\d+)$/.exec(id)?.[1];
    if (number === undefined) return true;
    if (Number(number) <= this.seq) return false;
    this.seq = Number(number);
    this.lastEventId = id;
    return true;
  }
}

async function followOnce(url: string, options: FollowOptions, place: Place): Promise<FollowOutcome | 'lost' | 'closed'> {
  const headers: Record<string, string> = { Accept: 'text/event-stream' };
  if (place.lastEventId !== '') headers['Last-Event-ID'] = place.lastEventId;
  let response: Response;
  try {
    response = await fetch(url, { headers, cache: 'no-store', signal: options.signal });
  } catch {
    return 'lost';
  }
  if (response.status === 401) return 'closed';
  if (response.status === 204) return { kind: 'ended' };
  if (isFinal(response.status)) return { kind: 'refused', refusal: await readRefusal(response) };
  const streams = response.headers.get('Content-Type')?.startsWith('text/event-stream') === true;
  if (!response.ok || !streams || response.body === null) return 'lost';
  options.onLine('open');
  return (await readEvents(response.body.getReader(), options, place)) ? { kind: 'ended' } : 'lost';
}

/** A server that is starting, overloaded or behind a gateway may answer otherwise in a moment. */
function isFinal(status: number): boolean {
  return status >= 400 && status < 500 && ![408, 425, 429].includes(status);
}

type BodyReader = ReadableStreamDefaultReader<Uint8Array>;

/** Whether the turn's last event came. */
async function readEvents(reader: BodyReader, options: FollowOptions, place: Place): Promise<boolean> {
  const parser = new SseParser();
  let ended = false;
  try {
    while (!ended) {
      const piece = await withinSilence(reader.read());
      if (piece.done) break;
      const events = fresh(parser.push(piece.value), place);
      ended = events.some((event) => event.type === 'done' || event.type === 'error');
      if (events.length > 0) options.onEvents(events);
    }
  } catch {
    // Lost: the caller tries again.
  }
  reader.cancel().catch(() => undefined);
  return ended;
}

function fresh(events: readonly ServerEvent[], place: Place): TurnEvent[] {
  return events
    .filter((event) => place.take(event.lastEventId))
    .map(decodeTurnEvent)
    .filter((event) => event !== undefined);
}

/** By the clock, not by a timer's length: a machine that has slept notices within moments of waking. */
function withinSilence<T>(read: Promise<T>): Promise<T> {
  const since = Date.now();
  return new Promise((resolve, reject) => {
    const timer = setInterval(() => {
      if (Date.now() - since > silenceLimitMs) reject(new Error('silence'));
    }, silenceCheckMs);
    read.then(resolve, reject).finally(() => clearInterval(timer));
  });
}
