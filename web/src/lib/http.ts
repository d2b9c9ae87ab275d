// What all calls of the server share. Nothing here throws but getJson, whose Error.message is a sentence for the reader.

import type { Outcome, Refusal } from './api_types';

const unreachable = 'The server does not answer. Is `gibsey serve` running?';

/** Rejects with a plain sentence. */
export async function getJson(path: string, signal?: AbortSignal): Promise<unknown> {
  const outcome = await call(path, { signal: signal ?? null });
  if (outcome.kind === 'ok') return outcome.answer;
  throw new Error(sentenceFor(outcome));
}

type CallInit = Omit<RequestInit, 'headers'> & { headers?: Record<string, string> };

/** The JSON of an answer; undefined for one without a body. A body that is no JSON counts as no answer. */
export async function call(path: string, init: CallInit): Promise<Outcome<unknown>> {
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
  return refusal.kind === 'credits' ? `This needs ${refusal.needed} credits.` : refusal.detail;
}

export async function readRefusal(response: Response): Promise<Refusal> {
  if (response.status === 402) {
    const body = (await response.json().catch(() => ({}))) as Partial<Record<'needed' | 'available', number>>;
    return { kind: 'credits', needed: body.needed ?? 0, available: body.available ?? 0 };
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
