// A reply as plain text that keeps its sources: markers after the quotes, footnotes with page ids below.

import type { Quote } from '../../lib/api_types';
import { citedQuotes, markReply, pageMark } from './marked_reply';

interface Spoken {
  reply: string;
  quotes: readonly Quote[];
}

export function copyText(turn: Spoken, speaker: string, book: string): string {
  const body = markReply(turn.reply, turn.quotes)
    .map((span) => {
      if (span.kind === 'speech') return span.text;
      const marked = `${span.text.trimEnd()} [${span.quote.n}]`;
      return span.kind === 'epigraph' ? `\n\n${marked}\n\n` : marked;
    })
    .join('');
  const notes = new Set(citedQuotes(turn.quotes).map((quote) => footnote(quote, book)));
  const text = `${speaker}: ${body.trim()}`;
  return notes.size === 0 ? `${text}\n` : `${text}\n\n${[...notes].join('\n')}\n`;
}

function footnote(quote: Quote, book: string): string {
  const title = quote.title === '' ? '' : `, “${quote.title}”`;
  const of = book === '' ? '' : `${book}, `;
  return `[${quote.n}] ${of}${pageMark(quote)}${title} (page id ${quote.page_id})`;
}
