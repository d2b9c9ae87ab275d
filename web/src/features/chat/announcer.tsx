import { useEffect, useState, type ReactElement } from 'react';
import { citedQuotes, pageMark } from './marked_reply';
import { receiptText } from './receipt_text';
import { finishedSentences } from './sentences';
import { isRunning, type Turn } from './turn';

const lingerMs = 10_000;

/**
 * The reply for screen readers: an unseen polite region that grows by whole sentences and closes with the pages
 * quoted and the receipt. The visible bubble is no live region, for token by token it would be noise.
 */
export function Announcer({ turn, speaker }: { turn: Turn | undefined; speaker: string }): ReactElement {
  const running = turn !== undefined && isRunning(turn);
  const [heard, setHeard] = useState<string>();
  // Only a turn that was seen running is read out, not one from before a reload or a change of character.
  useEffect(() => {
    if (running) {
      setHeard(turn.key);
      return undefined;
    }
    const timer = setTimeout(() => setHeard(undefined), lingerMs);
    return () => clearTimeout(timer);
  }, [running, turn?.key]);

  const lines = turn !== undefined && (running || heard === turn.key) ? spokenLines(turn, speaker, !running) : [];
  return (
    <div className="unseen" aria-live="polite" aria-relevant="additions" data-testid="announcer">
      {lines.map((line, i) => (
        // A reply that is begun anew is read out anew.
        <p key={`${turn?.key} ${turn?.restarts} ${i}`}>{line}</p>
      ))}
    </div>
  );
}

function spokenLines(turn: Turn, speaker: string, ended: boolean): string[] {
  const lines = [`${speaker} is answering.`, ...finishedSentences(turn.reply, ended)];
  if (turn.status === 'done') lines.push(closing(turn));
  if (turn.status === 'stopped') lines.push(`Stopped. ${turn.reply === '' ? '' : 'The reply is kept. '}${receipt(turn)}`.trim());
  return lines;
}

function closing(turn: Turn): string {
  const pages = [...new Set(citedQuotes(turn.quotes).map(pageMark))];
  const quoted = pages.length > 0 ? ` It quotes ${pages.join(', ')}.` : '';
  return `End of the reply.${quoted} ${receipt(turn)}`.trim();
}

function receipt(turn: Turn): string {
  return turn.receipt ? `${receiptText(turn.receipt)}.` : '';
}
