// What all calls of the server share. Nothing here throws but getJson, whose Error.message is a sentence for the reader.

import type { Outcome, Refusal } from './api_types';
import { credits } from './credits';
import { decodeShortfall } from './decode';
import { noticeSignedOut, signedInAgain } from './gate';

/** In the place of the server's advice for programs. */
export const notSignedIn = 'You are not signed in any more. Sign in to go on.';
const unreachable = 'The server does not answer. Is `gibsey serve` running?';

/** Rejects with a plain sentence. */
export async function getJson(path: string, signal?: AbortSignal): Promise<unknown> {
  const outcome = await call(path, { signal: signal ?? null });
  if (outcome.kind === 'ok') return outcome.answer;
  throw new Error(sentenceFor(outcome));
}

type CallInit = Omit<RequestInit, 'headers'> & {
  headers?: Record<string, string>;
  /** The reader does not wait for it: it is no reason to be asked for a sign-in in the middle of something else. */
  unasked?: boolean;
};

/** Who is sent back by the same request so often has no session, whatever he is told. */
const mostTries = 3;

/**
 * The JSON of an answer; undefined for one without a body. A body that is no JSON counts as no answer. Where the server wants a
 * sign-in, the request waits for it and goes out again as it was.
 */
export async function call(path: string, init: CallInit): Promise<Outcome<unknown>> {
  for (let tries = 1; ; tries++) {
    const outcome = await callOnce(path, init);
    if (!isUnauthorized(outcome)) return outcome;
    if (init.unasked) noticeSignedOut();
    if (init.unasked || tries === mostTries || !(await signedInAgain(init.signal))) return outcome;
  }
}

/** The status of a problem; 0 where the answer is none. */
export function problemStatus(outcome: Outcome<unknown>): number {
  return outcome.kind === 'refused' && outcome.refusal.kind === 'problem' ? outcome.refusal.status : 0;
}

export function isUnauthorized(outcome: Outcome<unknown>): boolean {
  return problemStatus(outcome) === 401;
}

/** The same, whoever is signed in. */
export async function callOnce(path: string, { unasked: _unasked, ...init }: CallInit): Promise<Outcome<unknown>> {
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers: { Accept: 'application/json', ...init.headers } });
  } catch {
    return { kind: 'unreachable' };
  }
  if (!response.ok) return { kind: 'refused', refusal: await readRefusal(response) };
  if (response.status === 204) return { kind: 'ok', answer: undefined };
  try {
    return { kind: 'ok', answer: await response.json() };
  } catch {
    // The line dropped within the body, or a stranger answered.
    return { kind: 'unreachable' };
  }
}

/** Why there is no answer, for the reader. */
export function sentenceFor(outcome: Exclude<Outcome<unknown>, { kind: 'ok' }>): string {
  if (outcome.kind === 'unreachable') return unreachable;
  const { refusal } = outcome;
  if (isUnauthorized(outcome)) return notSignedIn;
  return refusal.kind === 'credits' ? `This needs ${credits(refusal.needed)}.` : refusal.detail;
}

export async function readRefusal(response: Response): Promise<Refusal> {
  if (response.status === 402) {
    return { kind: 'credits', ...decodeShortfall(await response.json().catch(() => null)) };
  }
  const body = (await response.json().catch(() => null)) as { title?: unknown; detail?: unknown } | null;
  const title = typeof body?.title === 'string' ? body.title : `Error ${response.status}`;
  const detail = typeof body?.detail === 'string' ? body.detail : `The server answered with status ${response.status}.`;
  if (response.status === 429) {
    return { kind: 'busy', retry_after_s: retryAfterSeconds(response.headers.get('Retry-After'), Date.now()), detail };
  }
  return { kind: 'problem', status: response.status, title, detail };
}

/** Seconds to wait by a Retry-After header (a number or an HTTP date); 5 where it says nothing usable. */
export function retryAfterSeconds(header: string | null, nowMs: number): number {
  const value = header?.trim() ?? '';
  if (/^\d+$/.test(value)) return Number(value);
  const date = value === '' ? NaN : Date.parse(value);
  return Number.isNaN(date) ? 5 : Math.max(0, Math.ceil((date - nowMs) / 1000));
}
