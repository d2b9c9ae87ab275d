import { useRef, type ReactElement } from 'react';
import type { Character } from '../../lib/api_types';
import { useStableCallback } from '../../lib/use_stable_callback';
import { Announcer } from './announcer';
import { Composer } from './composer';
import { ModelLine } from './model_line';
import { Threshold } from './threshold';
import { isRunning, type Turn } from './turn';
import { TurnView, type TurnActions } from './turn_view';
import { useDraft } from './use_draft';
import { useFollowedEnd } from './use_followed_end';
import type { Conversation } from './use_conversation';
import './chat.css';

export interface ChatColumnProps extends Pick<TurnActions, 'onOpenQuote' | 'onOpenSource'> {
  character: Character;
  conversation: Conversation;
  suggestions: readonly string[];
  /** In this cast there is a narrator to turn to. */
  hasNarrator: boolean;
  onAskNarrator: (turn: Turn) => void;
}

/** The conversation with one character, and the box to ask in. */
export function ChatColumn(props: ChatColumnProps): ReactElement {
  const { character, conversation } = props;
  const turns = conversation.turns.filter((turn) => turn.char_id === character.char_id);
  const running = turns.find(isRunning);
  const last = turns.at(-1);
  const [draft, setDraft] = useDraft(character.char_id);
  const box = useRef<HTMLTextAreaElement>(null);
  const end = useFollowedEnd(character.char_id, last);

  const ask = (question: string) => {
    end.follow();
    setDraft('');
    conversation.ask(character.char_id, question);
    box.current?.focus();
  };
  const edit = useStableCallback((turn: Turn) => {
    // A question begun meanwhile is not overwritten.
    setDraft([turn.question, draft.trim()].filter(Boolean).join('\n'));
    conversation.remove(turn);
    box.current?.focus();
  });
  const again = useStableCallback((turn: Turn) => {
    end.follow();
    conversation.askAgain(turn);
    box.current?.focus();
  });
  const askNarrator = useStableCallback(props.onAskNarrator);
  const answered = conversation.turns.filter((turn) => turn.done).at(-1);

  return (
    <>
      <section
        className="column"
        ref={end.box}
        onScroll={end.onScroll}
        aria-label={`Conversation with ${character.display_name}`}
        tabIndex={-1}
      >
        {turns.length === 0 ? (
          <Threshold character={character} suggestions={props.suggestions} onAsk={ask} />
        ) : (
          <ol className="turns">
            {turns.map((turn) => (
              <TurnView
                key={turn.key}
                turn={turn}
                character={character}
                narratorLeft={props.hasNarrator}
                onAgain={again}
                onAskNarrator={askNarrator}
                onEdit={edit}
                onOpenQuote={props.onOpenQuote}
                onOpenSource={props.onOpenSource}
              />
            ))}
          </ol>
        )}
        <Announcer key={character.char_id} turn={last} speaker={character.display_name} />
      </section>
      <div className="desk">
        {end.away && (
          <button type="button" className="button to-end" onClick={end.follow}>
            <span aria-hidden="true">↓ </span>Newest
          </button>
        )}
        <Composer
          character={character}
          draft={draft}
          running={running !== undefined}
          box={box}
          onDraft={setDraft}
          onAsk={ask}
          onStop={() => running && conversation.stop(running)}
        />
        <ModelLine done={answered?.done} />
      </div>
    </>
  );
}
