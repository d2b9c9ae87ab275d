import { useMemo, type ReactElement } from 'react';
import { PageChip } from '../../components/page_chip';
import type { Quote } from '../../lib/api_types';
import { markReply, pageMark } from './marked_reply';
import './reply.css';

export interface ReplyProps {
  reply: string;
  quotes: readonly Quote[];
  streaming: boolean;
  onOpenQuote: (quote: Quote) => void;
}

/** The reply's text, the book's words marked in it, each with the page they stand on. */
export function Reply({ reply, quotes, streaming, onOpenQuote }: ReplyProps): ReactElement {
  const spans = useMemo(() => markReply(reply, quotes), [reply, quotes]);
  return (
    <div className="reply">
      {spans.map((span, i) => {
        if (span.kind === 'speech') return <span key={i}>{span.text}</span>;
        const { quote } = span;
        const chip = <PageChip mark={pageMark(quote)} title={quote.title} onOpen={() => onOpenQuote(quote)} />;
        if (span.kind === 'quote') {
          return (
            <span key={i} className="quoted">
              <q className="quoted-words">{span.text}</q> {chip}
            </span>
          );
        }
        return (
          <blockquote key={i} className="epigraph">
            <q className="epigraph-words">{span.text}</q>
            <footer>
              {quote.title !== '' && <cite>{quote.title}</cite>} {chip}
            </footer>
          </blockquote>
        );
      })}
      {streaming && <span className="cursor" aria-hidden="true" />}
    </div>
  );
}
