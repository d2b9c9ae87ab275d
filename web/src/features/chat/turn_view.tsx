import { memo, type ReactElement } from 'react';
import { voiceStyle } from '../../components/voice';
import type { Character, Quote, Source } from '../../lib/api_types';
import { pageMark } from './marked_reply';
import { Question } from './question';
import { pricePhrase } from './receipt_text';
import { Reply } from './reply';
import { ReplyFoot } from './reply_foot';
import { SiblingArrows } from './sibling_arrows';
import { Trouble } from './trouble';
import { isRunning, isUnsent, type Turn } from './turn';
import './turn_view.css';

export interface TurnActions {
  onAgain: (turn: Turn) => void;
  onAskNarrator: (turn: Turn) => void;
  onEdit: (turn: Turn) => void;
  /** New words for the question of a turn; undefined ends it. */
  onReword: (turnId: string, text: string | undefined) => void;
  onRephrase: (turn: Turn, question: string) => void;
  /** `after` as in Placed. */
  onChoose: (sibling: Turn, after: string) => void;
  onOpenQuote: (turn: Turn, quote: Quote) => void;
  onOpenSource: (turn: Turn, source: Source) => void;
}

export interface TurnViewProps extends TurnActions {
  turn: Turn;
  after: string;
  siblings: readonly Turn[];
  character: Character;
  narratorLeft: boolean;
  rewording: string | undefined;
  /** No reply is arriving: a question may be put. */
  mayAsk: boolean;
  /** It is the end of what is shown, and no reply is arriving: its question may be asked again. */
  mayAskAgain: boolean;
}

export const TurnView = memo(function TurnView(props: TurnViewProps): ReactElement {
  const { turn, character } = props;
  const running = isRunning(turn);
  const openQuote = (quote: Quote) => props.onOpenQuote(turn, quote);
  return (
    <li className="turn" data-status={turn.status} data-turn-id={turn.turn_id || undefined}>
      <Question
        key={turn.key}
        turn={turn}
        rewording={props.rewording}
        mayAsk={props.mayAsk}
        onReword={props.onReword}
        onRephrase={props.onRephrase}
      />
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
          {running && turn.line !== 'open' && (
            <p className="line-lost" role="status">
              {turn.line === 'lost'
                ? 'The line to the server is lost; trying again. What it writes meanwhile will be here then.'
                : 'The reply goes on at the server. Sign in again to read it.'}
            </p>
          )}
          {!running && (
            <ReplyFoot
              turn={turn}
              character={character}
              onOpenQuote={openQuote}
              onOpenSource={(source) => props.onOpenSource(turn, source)}
            />
          )}
        </article>
      )}
      <Trouble {...props} />
      <Tools {...props} />
    </li>
  );
}, sameProps);

/** Siblings are a new list at every change of any turn. */
function sameProps(before: TurnViewProps, now: TurnViewProps): boolean {
  const names = Object.keys(now) as (keyof TurnViewProps)[];
  const alike = (name: keyof TurnViewProps) => before[name] === now[name];
  const siblings = before.siblings.length === now.siblings.length && now.siblings.every((turn, i) => turn === before.siblings[i]);
  return siblings && names.every((name) => name === 'siblings' || alike(name));
}

/** The other answers, and the way to one more. */
function Tools({ turn, after, siblings, mayAskAgain, onAgain, onChoose }: TurnViewProps): ReactElement | null {
  const settled = turn.status === 'done' || turn.status === 'stopped';
  const again = mayAskAgain && settled && !isUnsent(turn);
  if (siblings.length < 2 && !again) return null;
  const cost = pricePhrase(turn.receipt);
  return (
    <div className="turn-tools">
      {siblings.length > 1 && (
        <SiblingArrows
          index={siblings.indexOf(turn)}
          count={siblings.length}
          what={siblings.every(({ question }) => question === turn.question) ? 'answer' : 'version'}
          onShow={(index) => onChoose(siblings[index]!, after)}
        />
      )}
      {again && (
        <button type="button" className="quiet-button" title={`Another answer${cost}`} onClick={() => onAgain(turn)}>
          Ask again<span className="unseen">: another answer to this question{cost}</span>
        </button>
      )}
    </div>
  );
}

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
