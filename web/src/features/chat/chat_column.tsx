import { useEffect, useRef, type ReactElement } from 'react';
import type { Character } from '../../lib/api_types';
import { useStableCallback } from '../../lib/use_stable_callback';
import { Announcer } from './announcer';
import { viewOf, type ConversationView } from './chat_state';
import { Composer } from './composer';
import { ModelLine } from './model_line';
import { stopCost } from './stop_cost';
import { Threshold } from './threshold';
import type { Turn } from './turn';
import type { Placed } from './turn_tree';
import { TurnView, type TurnActions } from './turn_view';
import type { Chat } from './use_chat';
import { useDraft } from './use_draft';
import { useFollowedEnd } from './use_followed_end';
import { useRewordings } from './use_rewordings';
import './chat_column.css';

export interface ChatColumnProps extends Pick<TurnActions, 'onOpenQuote' | 'onOpenSource' | 'onAskNarrator'> {
  character: Character;
  chat: Chat;
  suggestions: readonly string[];
  /** In this cast there is a narrator to turn to. */
  hasNarrator: boolean;
  /** The page that the reader has open, or "". */
  pageId: string;
  /** Who gave a reply; others than `character` may have spoken in an older conversation. */
  speakerOf: (turn: Turn) => Character;
}

/** The open conversation with one character, and the box to ask in. */
export function ChatColumn(props: ChatColumnProps): ReactElement {
  const { character, chat } = props;
  const { session } = chat;
  const view = viewOf(chat.state, character.char_id);
  const shown = shownTurns(view);
  const last = shown.at(-1)?.turn;
  const [draft, setDraft] = useDraft(character.char_id);
  const rewordings = useRewordings();
  const box = useRef<HTMLTextAreaElement>(null);
  const end = useFollowedEnd(`${character.char_id} ${view.id}`, last);
  useEffect(() => void session.load(view.id), [session, view.id]);

  const ask = (question: string) => {
    end.follow();
    setDraft('');
    session.ask(character, question, props.pageId);
    box.current?.focus();
  };
  const edit = useStableCallback((turn: Turn) => {
    session.remove(turn);
    if (turn.edit_of !== '') return reword(turn);
    // A question begun meanwhile is not overwritten.
    if (turn.again_of === '') setDraft([turn.question, draft.trim()].filter(Boolean).join('\n'));
    box.current?.focus();
  });
  /** Back to the question that it should have stood for. */
  const reword = (refused: Turn) => {
    const old = chat.state.turns.find((turn) => turn.turn_id === refused.edit_of);
    if (old) session.choose(old, refused.parent_id);
    rewordings.set(refused.edit_of, refused.question);
  };
  const rephrase = useStableCallback((turn: Turn, question: string) => {
    end.follow();
    rewordings.set(turn.turn_id, undefined);
    session.rephrase(turn, question, props.pageId);
    box.current?.focus();
  });
  const again = useStableCallback((turn: Turn) => {
    end.follow();
    session.askAgain(turn);
    box.current?.focus();
  });
  const choose = useStableCallback((sibling: Turn, after: string) => session.choose(sibling, after));
  const askNarrator = useStableCallback((turn: Turn) => {
    props.onAskNarrator(turn);
    box.current?.focus();
  });
  // The button that was pressed goes away, or can be pressed no more; the focus goes where the reader goes on.
  const stop = (turn: Turn) => {
    session.stop(turn);
    box.current?.focus();
  };
  const toEnd = () => {
    end.follow();
    end.box.current?.focus();
  };
  const mayAskAgain = (placed: Placed) =>
    view.running === undefined && (placed.turn.turn_id === '' || placed === view.path.at(-1));

  return (
    <>
      <section
        className="column"
        ref={end.box}
        onScroll={end.onScroll}
        aria-label={`Conversation with ${character.display_name}`}
        tabIndex={-1}
      >
        <LoadNotice view={view} onRetry={() => void session.load(view.id, true)} />
        {shown.length > 0 && (
          <ol className="turns">
            {shown.map((placed) => (
              <TurnView
                key={placed.siblings[0]!.key}
                turn={placed.turn}
                after={placed.after}
                siblings={placed.siblings}
                character={props.speakerOf(placed.turn)}
                narratorLeft={props.hasNarrator}
                rewording={rewordings.texts[placed.turn.turn_id]}
                mayAsk={view.running === undefined}
                mayAskAgain={mayAskAgain(placed)}
                onAgain={again}
                onAskNarrator={askNarrator}
                onEdit={edit}
                onReword={rewordings.set}
                onRephrase={rephrase}
                onChoose={choose}
                onOpenQuote={props.onOpenQuote}
                onOpenSource={props.onOpenSource}
              />
            ))}
          </ol>
        )}
        {shown.length === 0 && view.load.state === 'ready' && (
          <Threshold character={character} suggestions={props.suggestions} onAsk={ask} />
        )}
        <Announcer key={character.char_id} turn={last} speaker={last ? props.speakerOf(last).display_name : ''} />
        <p className="unseen" role="status">
          {view.running?.stopping && stopCost(view.running)}
        </p>
      </section>
      <div className="desk">
        {end.away && (
          <button type="button" className="button to-end" onClick={toEnd}>
            <span aria-hidden="true">↓ </span>Newest
          </button>
        )}
        <Composer
          character={character}
          draft={draft}
          busy={view.running !== undefined || view.load.state === 'loading'}
          stoppable={view.running === undefined ? 'no' : view.running.stopping === 'asked' ? 'asked' : 'yes'}
          box={box}
          onDraft={setDraft}
          onAsk={ask}
          onStop={() => view.running && stop(view.running)}
        />
        {view.running ? (
          <p className="model-line" id="stop-cost">
            {stopCost(view.running)}
          </p>
        ) : (
          <ModelLine done={lastDone(view)} />
        )}
      </div>
    </>
  );
}

/** While the conversation is read from the server, or where that failed. */
function LoadNotice({ view, onRetry }: { view: ConversationView; onRetry: () => void }): ReactElement | null {
  const { load } = view;
  if (load.state === 'loading') {
    return (
      <p className="column-notice" role="status">
        Opening the conversation…
      </p>
    );
  }
  if (load.state === 'ready') return null;
  return (
    <div className="column-notice" role="alert">
      <p>This conversation did not open. {load.message}</p>
      <button type="button" className="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}

/** The way through the conversation, then what is not sent. */
function shownTurns(view: ConversationView): Placed[] {
  return [...view.path, ...view.unsent.map((turn) => ({ turn, after: turn.parent_id, siblings: [turn] }))];
}

function lastDone(view: ConversationView): Turn['done'] {
  return view.path.map(({ turn }) => turn.done).filter((done) => done !== undefined).at(-1);
}
