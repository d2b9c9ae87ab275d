// JSON from the wire -> the types of api_types.ts. A missing optional field becomes its empty value, so that
// a page built today can read a server of tomorrow.

import type { Character, Done, Ledger, Page, Quote, Source, TurnError, TurnEvent } from './api_types';
import type { ServerEvent } from './sse';

type Fields = Record<string, unknown>;

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function text(value: unknown, fallback = ''): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : fallback;
}

function number(value: unknown, fallback = 0): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

const unknownColour = '#8A7F6D';

export function decodeCharacter(value: unknown): Character {
  const row = fields(value);
  const id = text(row.char_id);
  const colour = text(row.color_hex);
  return {
    char_id: id,
    display_name: text(row.display_name) || id || 'The narrator',
    color_hex: /^#[0-9a-f]{6}$/i.test(colour) ? colour.toUpperCase() : unknownColour,
    tone: text(row.tone),
    blurb: text(row.blurb),
    greeting: text(row.greeting),
    world: text(row.world),
    world_title: text(row.world_title) || text(row.world),
    aliases: texts(row.aliases),
    questions: texts(row.questions),
  };
}

export function decodePage(value: unknown): Page {
  const row = fields(value);
  return {
    id: text(row.id),
    world: text(row.world),
    label: text(row.label),
    title: text(row.title),
    chapter: text(row.chapter),
    text: text(row.text),
  };
}

function decodeSource(value: unknown): Source {
  const row = fields(value);
  return {
    n: number(row.n),
    page_id: text(row.page_id),
    label: text(row.label),
    title: text(row.title),
    chapter: text(row.chapter),
    quote: text(row.quote),
    start: number(row.start),
    end: number(row.end),
    score: number(row.score),
  };
}

function decodeQuote(value: unknown): Quote {
  const row = fields(value);
  const origin = row.origin === 'epigraph' || row.origin === 'opening' ? row.origin : 'model';
  return {
    n: number(row.n),
    page_id: text(row.page_id),
    label: text(row.label),
    title: text(row.title),
    start: number(row.start),
    end: number(row.end),
    text: text(row.text),
    verified: row.verified === true,
    origin,
    reply_start: number(row.reply_start, -1),
    reply_end: number(row.reply_end, -1),
  };
}

function decodeLedger(value: unknown): Ledger {
  const row = fields(value);
  return {
    held: number(row.held),
    charged: number(row.charged),
    released: number(row.released),
    balance: number(row.balance),
    rule: text(row.rule),
  };
}

function decodeDone(value: unknown): Done {
  const row = fields(value);
  return {
    turn_id: text(row.turn_id),
    finish_reason: text(row.finish_reason),
    provider: text(row.provider),
    model: text(row.model),
    fallback_used: row.fallback_used === true,
    first_token_ms: number(row.first_token_ms),
    total_ms: number(row.total_ms),
  };
}

function decodeError(value: unknown): TurnError {
  const row = fields(value);
  return {
    code: text(row.code),
    message: text(row.message) || 'The answer broke off.',
    retryable: row.retryable === true,
    released: number(row.released),
  };
}

/** The event that the page understands, or undefined for one that it does not. */
export function decodeTurnEvent(event: ServerEvent): TurnEvent | undefined {
  if (event.type === 'message') return { type: 'token', text: event.data };
  let body: unknown;
  try {
    body = JSON.parse(event.data);
  } catch {
    return undefined;
  }
  switch (event.type) {
    case 'turn':
      return { type: 'turn', turn_id: text(fields(body).turn_id) };
    case 'sources':
      return { type: 'sources', sources: Array.isArray(body) ? body.map(decodeSource) : [] };
    case 'quote':
      return { type: 'quote', quote: decodeQuote(body) };
    case 'ledger':
      return { type: 'ledger', ledger: decodeLedger(body) };
    case 'done':
      return { type: 'done', done: decodeDone(body) };
    case 'error':
      return { type: 'error', error: decodeError(body) };
    default:
      return undefined;
  }
}
