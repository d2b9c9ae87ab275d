import { useEffect, useState, type ReactElement } from 'react';
import type { Character, Quote, Source } from '../../lib/api_types';
import { PageChip } from '../../components/page_chip';
import { timeOrDay } from '../../lib/when';
import { copyText } from './copy_text';
import { citedQuotes, pageMark } from './marked_reply';
import { receiptText, seconds } from './receipt_text';
import type { Turn } from './turn';
import { writeClipboard } from './write_clipboard';
import './reply_foot.css';

export interface ReplyFootProps {
  turn: Turn;
  character: Character;
  onOpenQuote: (quote: Quote) => void;
  onOpenSource: (source: Source) => void;
}

/** Below a reply: what it quotes, apart from what was only read for it; the receipt; a copy with footnotes. */
export function ReplyFoot({ turn, character, onOpenQuote, onOpenSource }: ReplyFootProps): ReactElement {
  const cited = citedQuotes(turn.quotes);
  return (
    <div className="reply-foot">
      {cited.length > 0 && <CitedList quotes={cited} onOpen={onOpenQuote} />}
      {turn.sources.length > 0 && <SourcesRow sources={turn.sources} onOpen={onOpenSource} />}
      {turn.cut.length > 0 && <p>Left out for want of room: {turn.cut.join(', ')}.</p>}
      <div className="receipt-row">
        <Receipt turn={turn} />
        {turn.reply !== '' && <CopyButton turn={turn} character={character} />}
      </div>
    </div>
  );
}

function CitedList({ quotes, onOpen }: { quotes: readonly Quote[]; onOpen: (quote: Quote) => void }): ReactElement {
  return (
    <div className="cited">
      <h3 className="foot-title">Quoted</h3>
      <ul>
        {quotes.map((quote) => (
          <li key={`${quote.page_id} ${quote.start}`}>
            <button type="button" className="quiet-button cited-page" onClick={() => onOpen(quote)}>
              {pageMark(quote)}
              {quote.title !== '' && <cite>, {quote.title}</cite>}
            </button>
            {quote.origin === 'epigraph' && <span>(set below the reply, not spoken)</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}

function SourcesRow({ sources, onOpen }: { sources: readonly Source[]; onOpen: (source: Source) => void }): ReactElement {
  const pages = new Set(sources.map((source) => source.page_id)).size;
  return (
    <details className="sources">
      <summary>{pages === 1 ? 'One page was' : `${pages} pages were`} open while answering</summary>
      <ul>
        {sources.map((source) => (
          <li key={`${source.page_id} ${source.start}`}>
            <PageChip mark={pageMark(source)} title={source.title} onOpen={() => onOpen(source)} />
            <span className="source-words">{source.quote || source.title}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Receipt({ turn }: { turn: Turn }): ReactElement {
  const asked = new Date(turn.asked_at);
  const parts = [
    turn.receipt && receiptText(turn.receipt),
    turn.receipt?.rule,
    turn.done && turn.done.total_ms > 0 ? seconds(turn.done.total_ms) : undefined,
  ].filter((part) => part !== undefined && part !== '');
  return (
    <p className="receipt">
      {parts.map((part) => `${part} · `)}
      <time dateTime={asked.toISOString()}>{timeOrDay(asked, new Date())}</time>
    </p>
  );
}

function CopyButton({ turn, character }: { turn: Turn; character: Character }): ReactElement {
  const [said, setSaid] = useState('');
  useEffect(() => {
    if (said === '') return undefined;
    const timer = setTimeout(() => setSaid(''), 2500);
    return () => clearTimeout(timer);
  }, [said]);

  const copy = async () => {
    const done = await writeClipboard(copyText(turn, character.display_name, character.world_title));
    setSaid(done ? 'Copied with its pages' : 'The browser refused to copy');
  };
  return (
    <span className="copy">
      <span role="status">{said}</span>
      <button type="button" className="quiet-button" onClick={() => void copy()}>
        Copy<span className="unseen"> the reply with footnotes</span>
      </button>
    </span>
  );
}
