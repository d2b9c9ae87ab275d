import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SseParser, type ServerEvent } from './sse';

const encoder = new TextEncoder();

function parse(chunks: Uint8Array[]): { events: ServerEvent[]; parser: SseParser } {
  const parser = new SseParser();
  return { events: chunks.flatMap((chunk) => parser.push(chunk)), parser };
}

function parseText(text: string): ServerEvent[] {
  return parse([encoder.encode(text)]).events;
}

/** Every way to cut the bytes in two, and one byte at a time, with an empty chunk between. */
function allSplits(bytes: Uint8Array): Uint8Array[][] {
  const splits = Array.from({ length: bytes.length + 1 }, (_, at) => [
    bytes.slice(0, at),
    new Uint8Array(),
    bytes.slice(at),
  ]);
  return [...splits, Array.from(bytes, (byte) => Uint8Array.of(byte))];
}

const message = (data: string, lastEventId = '') => ({ type: 'message', data, lastEventId });

describe('SseParser', () => {
  it.each([
    ['an unnamed event', 'data: a\n\n', [message('a')]],
    ['a named event', 'event: done\ndata: {}\n\n', [{ type: 'done', data: '{}', lastEventId: '' }]],
    ['CRLF, LF and CR', 'data: a\r\n\r\ndata: b\n\ndata: c\r\r', ['a', 'b', 'c'].map((d) => message(d))],
    ['several data lines', 'data: a\ndata:\ndata: b\n\n', [message('a\n\nb')]],
    ['a token that is one line break', 'data:\ndata:\n\n', [message('\n')]],
    ['an empty token', 'data\n\n', [message('')]],
    ['only one space taken off', 'data:  a \n\n', [message(' a ')]],
    ['a comment', ': still here\n\ndata: a\n\n', [message('a')]],
    ['a comment inside an event', 'data: a\n:x\ndata: b\n\n', [message('a\nb')]],
    ['an id that stays', 'id: t:1\ndata: a\n\ndata: b\n\n', [message('a', 't:1'), message('b', 't:1')]],
    ['an id with NUL ignored', 'id: 1\ndata: a\n\nid: \0 2\ndata: b\n\n', [message('a', '1'), message('b', '1')]],
    ['an id reset', 'id: 1\ndata: a\n\nid\ndata: b\n\n', [message('a', '1'), message('b')]],
    ['a byte order mark', '\ufeffdata: a\n\n\ufeffdata: b\n\ndata: c\n\n', [message('a'), message('c')]],
    ['no event without data', 'event: x\n\ndata: a\n\n', [message('a')]],
    ['a cut-off event dropped', 'data: a\n\ndata: b\n', [message('a')]],
    ['unknown fields', 'foo: bar\nDATA: x\ndata: a\n\n', [message('a')]],
  ])('reads %s', (_name, text, expected) => {
    expect(parseText(text)).toEqual(expected);
  });

  it('gives the same events for every split of the bytes', () => {
    const text = '\ufeffid: t:1\r\nevent: quote\r\ndata: {"text":"“déjà” 🜁"}\r\n\r\n: c\rdata: 🜂\rdata:\r\rdata: —\n\n';
    const bytes = encoder.encode(text);
    const whole = parse([bytes]).events;
    expect(whole).toHaveLength(3);
    for (const chunks of allSplits(bytes)) expect(parse(chunks).events).toEqual(whole);
  });

  it('replaces malformed UTF-8 and goes on', () => {
    const bytes = Uint8Array.of(...encoder.encode('data: a'), 0xff, ...encoder.encode('b\n\ndata: c\n\n'));
    expect(parse([bytes]).events).toEqual([message('a\ufffdb'), message('c')]);
  });

  it('keeps the reconnection time, digits only', () => {
    const { parser } = parse([encoder.encode('retry: 1500\nretry: 2s\nretry:\n\n')]);
    expect(parser.retryMs).toBe(1500);
  });
});

const sharedData = process.env.GIBSEY_SHARED_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));
const vectorsPath = join(sharedData, 'sse', 'sse_vectors.jsonl');

interface Vector {
  name: string;
  chunks_b64: string[];
  events: ServerEvent[];
}

describe('the published event-stream vectors', () => {
  if (!existsSync(vectorsPath)) {
    console.warn('Left out: the event-stream vectors, for GIBSEY_SHARED_DATA names no folder with them, and ../shared/data is not beside this checkout.');
    it.skip('left out: the vectors are not here', () => undefined);
    return;
  }
  const lines = readFileSync(vectorsPath, 'utf8').split('\n').filter(Boolean);
  const vectors = lines.map((line) => JSON.parse(line) as Vector);

  it.each(vectors.map((vector) => [vector.name, vector] as const))('%s', (_name, vector) => {
    const chunks = vector.chunks_b64.map((chunk) => new Uint8Array(Buffer.from(chunk, 'base64')));
    expect(parse(chunks).events).toEqual(vector.events);
    const bytes = new Uint8Array(Buffer.concat(chunks));
    expect(parse(Array.from(bytes, (byte) => Uint8Array.of(byte))).events).toEqual(vector.events);
  });
});
