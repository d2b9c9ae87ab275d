// Cuts a reply into what the character says and what the book says. Pure.

import type { Quote } from '../../lib/api_types';
import { utf16Offsets } from '../../lib/code_points';

export type ReplySpan =
  | { kind: 'speech'; text: string }
  | { kind: 'quote'; text: string; quote: Quote }
  | { kind: 'epigraph'; text: string; quote: Quote };

interface PlacedQuote {
  quote: Quote;
  from: number;
  to: number;
}

/**
 * The spans of `reply` in order; put together they give the reply back, but for the line breaks around an
 * epigraph, which stands in a block of its own. A quote is marked only if the server verified it, its whole
 * span has arrived, and the words in the span are the quote's: nothing is marked on trust.
 */
export function markReply(reply: string, quotes: readonly Quote[]): ReplySpan[] {
  const spans: ReplySpan[] = [];
  let at = 0;
  for (const { quote, from, to } of placed(reply, quotes)) {
    if (from < at) continue;
    const kind = quote.origin === 'epigraph' ? 'epigraph' : 'quote';
    if (from > at) spans.push({ kind: 'speech', text: reply.slice(at, from) });
    spans.push({ kind, text: reply.slice(from, to), quote });
    // The page stands in the text too, for clients that show nothing else; here the chip says it.
    const mention = ` (${pageMark(quote)})`;
    at = reply.startsWith(mention, to) ? to + mention.length : to;
  }
  if (at < reply.length) spans.push({ kind: 'speech', text: reply.slice(at) });
  return trimAroundEpigraphs(spans);
}

function placed(reply: string, quotes: readonly Quote[]): PlacedQuote[] {
  const offsets = utf16Offsets(reply, quotes.flatMap((quote) => [quote.reply_start, quote.reply_end]));
  const found = quotes.map((quote, i) => ({ quote, from: offsets[2 * i], to: offsets[2 * i + 1] }));
  return found
    .filter((place): place is PlacedQuote => {
      const { quote, from, to } = place;
      return quote.verified && from !== undefined && to !== undefined && holds(reply.slice(from, to), quote.text);
    })
    .sort((a, b) => a.from - b.from);
}

/** Letters and digits only: marks, dashes and spaces may have been set in another way than on the page. */
function words(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
}

function holds(span: string, quoted: string): boolean {
  const wanted = words(quoted);
  return wanted !== '' && words(span).includes(wanted);
}

function trimAroundEpigraphs(spans: ReplySpan[]): ReplySpan[] {
  const trimmed = spans.map((span, i) => {
    if (span.kind !== 'speech') return span;
    let { text } = span;
    if (spans[i + 1]?.kind === 'epigraph') text = text.trimEnd();
    if (spans[i - 1]?.kind === 'epigraph') text = text.trimStart();
    return { ...span, text };
  });
  return trimmed.filter((span) => span.text !== '');
}

/** The verified quotes, each page's words once, in the order in which they were spoken. */
export function citedQuotes(quotes: readonly Quote[]): Quote[] {
  const seen = new Set<string>();
  return quotes.filter((quote) => {
    const key = JSON.stringify([quote.page_id, quote.start, quote.end]);
    if (!quote.verified || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/** "p. 12": a page as the reader finds it in the book. */
export function pageMark(place: { label: string; page_id: string }): string {
  const label = place.label.trim() || place.page_id;
  return /^p(age|p?\.)?\s*\d/i.test(label) ? label : `p. ${label}`;
}
