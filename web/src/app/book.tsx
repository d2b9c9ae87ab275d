import { useCallback, useEffect, useState, type ReactElement } from 'react';
import { useMedia } from '../components/use_media';
import { voiceStyle } from '../components/voice';
import { CharacterPicker } from '../features/characters/character_picker';
import { suggestedQuestions } from '../features/characters/suggestions';
import { ChatColumn } from '../features/chat/chat_column';
import { openConversation } from '../features/chat/chat_state';
import { pageMark } from '../features/chat/marked_reply';
import { isRunning, type Turn } from '../features/chat/turn';
import { useChat } from '../features/chat/use_chat';
import { ConversationDrawer } from '../features/conversations/conversation_drawer';
import { ConversationList } from '../features/conversations/conversation_list';
import { usePastConversations } from '../features/conversations/use_past_conversations';
import { PageDrawer, type PagePlace } from '../features/pages/page_drawer';
import type { Character, Conversation, Quote, Source } from '../lib/api_types';
import type { Reader } from '../lib/reader';
import { Head } from './head';
import { speakerIn } from './speakers';
import { useChosenCharacter } from './use_chosen_character';

/** As in app.css: from here on there is one column. */
const oneColumn = '(max-width: 58rem)';

export interface BookProps {
  reader: Reader;
  /** Not empty. */
  characters: readonly Character[];
  /** Who is signed in, where somebody is. */
  account: ReactElement | undefined;
}

/** The page of one reader: the cast, the conversations, the pages. */
export function Book({ reader, characters, account }: BookProps): ReactElement {
  const [chosen, choose] = useChosenCharacter(characters);
  const chat = useChat(reader);
  const past = usePastConversations(reader, chat.state.listed);
  const [place, setPlace] = useState<PagePlace>();
  const narrow = useMedia(oneColumn);
  const [pastOpen, setPastOpen] = useState(false);
  const title = chosen.world_title || 'Gibsey';
  useEffect(() => {
    document.title = `${chosen.display_name} · ${title}`;
  }, [chosen, title]);

  const speakerOf = useCallback((turn: Turn) => speakerIn(characters, turn.char_id, turn.world), [characters]);
  const open = useCallback(
    (turn: Turn, cited: Quote | Source, text: string) => setPlace(placeOf(speakerOf(turn), turn.world, cited, text)),
    [speakerOf],
  );
  const openQuote = useCallback((turn: Turn, quote: Quote) => open(turn, quote, quote.text), [open]);
  const openSource = useCallback((turn: Turn, source: Source) => open(turn, source, source.quote), [open]);
  const narrator = characters.find((character) => character.char_id === '');
  const askNarrator = (turn: Turn) => {
    if (!narrator) return;
    choose(narrator);
    chat.session.remove(turn);
    chat.session.ask(narrator, turn.question, '');
  };
  const show = (charId: string, conversationId: string) => {
    chat.session.show(charId, conversationId);
    setPastOpen(false);
  };
  const openPast = ({ character_id, world, conversation_id }: Conversation) => {
    const speaker = speakerIn(characters, character_id, world);
    // One who has left the cast cannot be asked; the conversation is read beside whoever is chosen.
    const present = characters.includes(speaker) ? speaker : chosen;
    choose(present);
    show(present.char_id, conversation_id);
  };
  const speaking = new Set(chat.state.turns.filter(isRunning).map((turn) => turn.char_id));
  const list = (
    <ConversationList
      past={past}
      openId={openConversation(chat.state, chosen.char_id)}
      speakerOf={(conversation) => speakerIn(characters, conversation.character_id, conversation.world)}
      onOpen={openPast}
      onNew={() => show(chosen.char_id, '')}
      onDeleted={(conversationId) => chat.session.forget(conversationId)}
    />
  );

  return (
    <div className={place ? 'book voiced book-with-page' : 'book voiced'} style={voiceStyle(chosen.color_hex)}>
      <a className="skip" href="#question" onClick={focusQuestion}>
        Skip to the question
      </a>
      <Head
        charId={chosen.char_id}
        title={title}
        balance={chat.state.balance}
        account={account}
        onPast={narrow ? () => setPastOpen(true) : undefined}
      />
      <div className="side">
        <nav className="side-cast" aria-label="Characters">
          <CharacterPicker characters={characters} chosen={chosen} speaking={speaking} onChoose={choose} />
        </nav>
        {!narrow && <div className="side-past">{list}</div>}
      </div>
      <main className="main">
        <ChatColumn
          character={chosen}
          chat={chat}
          suggestions={suggestedQuestions(chosen)}
          hasNarrator={narrator !== undefined}
          pageId={place && place.world === chosen.world ? place.page_id : ''}
          speakerOf={speakerOf}
          onAskNarrator={askNarrator}
          onOpenQuote={openQuote}
          onOpenSource={openSource}
        />
      </main>
      {narrow && pastOpen && <ConversationDrawer onClose={() => setPastOpen(false)}>{list}</ConversationDrawer>}
      {place && (
        <div className="page-side voiced" style={voiceStyle(place.color_hex)}>
          <PageDrawer
            place={place}
            onOpenPage={(page_id, mark) => setPlace({ ...place, page_id, mark, span: noWords })}
            onClose={() => setPlace(undefined)}
          />
        </div>
      )}
    </div>
  );
}

/** A page that was opened for itself. */
const noWords = { start: 0, end: 0, text: '' };

function placeOf(speaker: Character, world: string, cited: Quote | Source, text: string): PagePlace {
  return {
    page_id: cited.page_id,
    world: world || speaker.world,
    mark: pageMark(cited),
    span: { start: cited.start, end: cited.end, text },
    color_hex: speaker.color_hex,
  };
}

/** By hand, for the address's hash holds the character. */
function focusQuestion(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById('question')?.focus();
}
