import { useCallback, useEffect, useState, type ReactElement } from 'react';
import { Door } from '../components/door';
import { voiceStyle } from '../components/voice';
import { CharacterPicker } from '../features/characters/character_picker';
import { suggestedQuestions } from '../features/characters/suggestions';
import { useCharacters } from '../features/characters/use_characters';
import { ChatColumn } from '../features/chat/chat_column';
import { pageMark } from '../features/chat/marked_reply';
import { isRunning, type Turn } from '../features/chat/turn';
import { useConversation } from '../features/chat/use_conversation';
import { PageDrawer, type PagePlace } from '../features/pages/page_drawer';
import type { Character, Quote, Source } from '../lib/api_types';
import { useChosenCharacter } from './use_chosen_character';

export function App(): ReactElement {
  const { cast, reload } = useCharacters();
  if (cast.state === 'loading') return <Notice title="Opening the book…" />;
  if (cast.state === 'failed') return <Notice title="The book does not open." text={cast.message} onRetry={reload} />;
  if (cast.characters.length === 0) {
    const text = 'No world is loaded. Make one with: gibsey ingest --world NAME FILE';
    return <Notice title="This book has no characters yet." text={text} onRetry={reload} />;
  }
  return <Book characters={cast.characters} />;
}

function Book({ characters }: { characters: readonly Character[] }): ReactElement {
  const [chosen, choose] = useChosenCharacter(characters);
  const conversation = useConversation();
  const [place, setPlace] = useState<PagePlace>();
  const title = chosen.world_title || 'Gibsey';
  useEffect(() => {
    document.title = `${chosen.display_name} · ${title}`;
  }, [chosen, title]);

  const openQuote = useCallback((character: Character, quote: Quote) => setPlace(placeOf(character, quote, quote.text)), []);
  const openSource = useCallback((character: Character, source: Source) => setPlace(placeOf(character, source, source.quote)), []);
  const narrator = characters.find((character) => character.char_id === '');
  const askNarrator = (turn: Turn) => {
    if (!narrator) return;
    choose(narrator);
    conversation.askAgain(turn, narrator.char_id);
  };
  const speaking = new Set(conversation.turns.filter(isRunning).map((turn) => turn.char_id));
  const balance = latestBalance(conversation.turns);

  return (
    <div className={place ? 'book voiced book-with-page' : 'book voiced'} style={voiceStyle(chosen.color_hex)}>
      <a className="skip" href="#question" onClick={focusQuestion}>
        Skip to the question
      </a>
      <header className="head">
        <span className="head-mark">
          <Door id={chosen.char_id} />
        </span>
        <h1 className="head-title">{title}</h1>
        {balance !== undefined && <p className="head-balance">{balance === 1 ? '1 credit' : `${balance} credits`}</p>}
      </header>
      <nav className="side" aria-label="Characters">
        <CharacterPicker characters={characters} chosen={chosen} speaking={speaking} onChoose={choose} />
      </nav>
      <main className="main">
        <ChatColumn
          character={chosen}
          conversation={conversation}
          suggestions={suggestedQuestions(chosen)}
          hasNarrator={narrator !== undefined}
          onAskNarrator={askNarrator}
          onOpenQuote={openQuote}
          onOpenSource={openSource}
        />
      </main>
      {place && (
        <div className="page-side voiced" style={voiceStyle(place.color_hex)}>
          <PageDrawer place={place} onClose={() => setPlace(undefined)} />
        </div>
      )}
    </div>
  );
}

function placeOf(character: Character, cited: Quote | Source, text: string): PagePlace {
  return {
    page_id: cited.page_id,
    world: character.world,
    mark: pageMark(cited),
    span: { start: cited.start, end: cited.end, text },
    color_hex: character.color_hex,
  };
}

/** What the last receipt or refusal said is left. */
function latestBalance(turns: readonly Turn[]): number | undefined {
  for (const turn of [...turns].reverse()) {
    if (turn.ledger) return turn.ledger.balance;
    if (turn.refusal?.kind === 'credits') return turn.refusal.available;
  }
  return undefined;
}

/** By hand, for the address's hash holds the character. */
function focusQuestion(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById('question')?.focus();
}

function Notice({ title, text, onRetry }: { title: string; text?: string; onRetry?: () => void }): ReactElement {
  return (
    <main className="notice" role={onRetry ? 'alert' : 'status'}>
      <h1>{title}</h1>
      {text && <p>{text}</p>}
      {onRetry && (
        <button type="button" className="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </main>
  );
}
