// The server's paths, but for the stream of a turn (follow_turn.ts). listCharacters and loadPage reject with a plain sentence;
// the others answer with an outcome.

import type {
  Character,
  ConversationList,
  Note,
  NoteVersion,
  Outcome,
  Page,
  SignedIn,
  TurnCreated,
  TurnRecord,
  TurnRequest,
} from './api_types';
import {
  decodeBalance,
  decodeCharacter,
  decodeConversationList,
  decodeNote,
  decodeNotes,
  decodePage,
  decodeSignedIn,
  decodeTurnCreated,
  decodeTurnRecords,
  decodeVersions,
} from './decode';
import { call, callOnce, getJson } from './http';

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

/** What the book wrote about a page at night. Rejects with a plain sentence. */
export async function listNotes(pageId: string, world: string, signal?: AbortSignal): Promise<Note[]> {
  const query = new URLSearchParams({ world, page_id: pageId });
  return decodeNotes(await getJson(`/v1/notes?${query.toString()}`, signal));
}

/** A note's versions, oldest first. Rejects with a plain sentence. */
export async function listNoteVersions(noteId: string, signal?: AbortSignal): Promise<NoteVersion[]> {
  return decodeVersions(await getJson(notePath(noteId), signal));
}

/** Rejects with a plain sentence. */
export async function loadNoteVersion(noteId: string, version: number, signal?: AbortSignal): Promise<Note> {
  return decodeNote(await getJson(`${notePath(noteId)}/versions/${version}`, signal));
}

function notePath(noteId: string): string {
  return `/v1/notes/${encodeURIComponent(noteId)}`;
}

/** The same key and request once more give the same turn, which is charged once. */
export async function createTurn(request: TurnRequest, idempotencyKey: string): Promise<Outcome<TurnCreated>> {
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': idempotencyKey };
  return created(await call('/v1/turns', { method: 'POST', headers, body: JSON.stringify(request) }));
}

/** Has the question of a turn answered once more. The key as in createTurn. */
export async function regenerateTurn(turnId: string, idempotencyKey: string): Promise<Outcome<TurnCreated>> {
  const headers = { 'Idempotency-Key': idempotencyKey };
  return created(await call(`${turnPath(turnId)}/regenerate`, { method: 'POST', headers }));
}

/** The reply ends where it is; its stream tells how. */
export async function stopTurn(turnId: string): Promise<Outcome<unknown>> {
  return call(`${turnPath(turnId)}/stop`, { method: 'POST' });
}

/** Where a turn is followed, when the address that createTurn gave is not known any more. */
export function eventsPath(turnId: string): string {
  return `${turnPath(turnId)}/events`;
}

/** `after`: from a list before. Without it nobody waits for the answer. */
export async function listConversations(userId: string, limit: number, after?: string): Promise<Outcome<ConversationList>> {
  const unasked = after === undefined;
  const query = new URLSearchParams({ user_id: userId, limit: String(limit), ...(after === undefined ? {} : { after }) });
  return decoded(await call(`/v1/conversations?${query.toString()}`, { unasked }), decodeConversationList);
}

/** The turns of a conversation in the order in which they began. */
export async function loadConversation(conversationId: string): Promise<Outcome<TurnRecord[]>> {
  return decoded(await call(conversationPath(conversationId), {}), decodeTurnRecords);
}

/** Refused while one of its turns runs. */
export async function deleteConversation(conversationId: string): Promise<Outcome<unknown>> {
  return call(conversationPath(conversationId), { method: 'DELETE' });
}

/** What the reader has to spend; of a new reader, what the first question will bring. */
export async function loadBalance(userId: string): Promise<Outcome<number>> {
  return decoded(await call(`/ledger/${encodeURIComponent(userId)}?limit=1`, { unasked: true }), decodeBalance);
}

/** Who the server takes this browser for. Refused with 401 where somebody must sign in first. */
export async function showSession(): Promise<Outcome<SignedIn>> {
  return decoded(await callOnce('/v1/session', {}), decodeSignedIn);
}

/** Signs in by a token or an API key, which goes to the server in a header and is kept nowhere. The browser gets a cookie. */
export async function openSession(credential: string): Promise<Outcome<SignedIn>> {
  const headers = { Authorization: `Bearer ${credential}`, 'Content-Type': 'application/json' };
  return decoded(await callOnce('/v1/session', { method: 'POST', headers, body: '{}' }), decodeSignedIn);
}

/** The browser forgets its cookie. */
export async function leaveSession(): Promise<Outcome<unknown>> {
  return callOnce('/v1/session', { method: 'DELETE' });
}

function turnPath(turnId: string): string {
  return `/v1/turns/${encodeURIComponent(turnId)}`;
}

function conversationPath(conversationId: string): string {
  return `/v1/conversations/${encodeURIComponent(conversationId)}`;
}

function created(outcome: Outcome<unknown>): Outcome<TurnCreated> {
  const made = decoded(outcome, decodeTurnCreated);
  // An answer without an id is some other server's.
  return made.kind === 'ok' && made.answer.turn_id === '' ? { kind: 'unreachable' } : made;
}

function decoded<T>(outcome: Outcome<unknown>, decode: (answer: unknown) => T): Outcome<T> {
  return outcome.kind === 'ok' ? { kind: 'ok', answer: decode(outcome.answer) } : outcome;
}
