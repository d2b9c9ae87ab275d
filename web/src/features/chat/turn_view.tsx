import { memo, type ReactElement } from 'react';
import { voiceStyle } from '../../components/voice';
import type { Character, Quote, Source } from '../../lib/api_types';
import { pageMark } from './marked_reply';
import { Reply } from './reply';
import { ReplyFoot } from './reply_foot';
import { Trouble } from './trouble';
import { isRunning, type Turn } from './turn';

export interface TurnActions {
  onAgain: (turn: Turn) => void;
  onAskNarrator: (turn: Turn) => void;
  onEdit: (turn: Turn) => void;
  onOpenQuote: (character: Character, quote: Quote) => void;
  onOpenSource: (character: Character, source: Source) => void;
}

export interface TurnViewProps extends TurnActions {
  turn: Turn;
  character: Character;
  narratorLeft: boolean;
}

export const TurnView = memo(function TurnView(props: TurnViewProps): ReactElement {
  const { turn, character } = props;
  const running = isRunning(turn);
  const openQuote = (quote: Quote) => props.onOpenQuote(character, quote);
  return (
    <li className="turn" data-status={turn.status} data-turn-id={turn.turn_id}>
      <p className="question">
        <span className="unseen">You asked: </span>
        {turn.question}
      </p>
      {(running || turn.reply !== '') && (
        <article
          className="bubble voiced"
          style={voiceStyle(character.color_hex)}
          aria-label={`${character.display_name} answers`}
          aria-busy={running || undefined}
        >
          <p className="speaker">{character.display_name}</p>
          {turn.reply === '' ? (
            <Waiting turn={turn} />
          ) : (
            <Reply reply={turn.reply} quotes={turn.quotes} streaming={running} onOpenQuote={openQuote} />
          )}
          {!running && (
            <ReplyFoot
              turn={turn}
              character={character}
              onOpenQuote={openQuote}
              onOpenSource={(source) => props.onOpenSource(character, source)}
            />
          )}
        </article>
      )}
      <Trouble {...props} />
    </li>
  );
});

/** Between the question and the first word: what is being looked at. */
function Waiting({ turn }: { turn: Turn }): ReactElement {
  const marks = [...new Set(turn.sources.map(pageMark))];
  return (
    <p className="waiting">
      {marks.length === 0 ? 'turning pages' : `has ${marks.slice(0, 3).join(', ')} open`}
      <span className="waiting-dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
    </p>
  );
}
