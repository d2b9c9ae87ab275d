import type { ReactElement, RefObject } from 'react';
import type { Character } from '../../lib/api_types';
import { AskForm } from './ask_form';
import './composer.css';

export interface ComposerProps {
  character: Character;
  draft: string;
  /** A reply is arriving, or what came before is still being read. */
  busy: boolean;
  /** What to stop, where there is something. */
  stoppable: 'no' | 'yes' | 'asked';
  box: RefObject<HTMLTextAreaElement | null>;
  onDraft: (text: string) => void;
  onAsk: (question: string) => void;
  onStop: () => void;
}

export function Composer({ character, draft, busy, stoppable, box, onDraft, onAsk, onStop }: ComposerProps): ReactElement {
  const ready = !busy && draft.trim() !== '';
  return (
    <AskForm
      className="composer"
      box={box}
      text={draft}
      ready={ready}
      onText={onDraft}
      onAsk={onAsk}
      area={{
        id: 'question',
        placeholder: `Ask ${character.display_name}…`,
        'aria-label': `Your question to ${character.display_name}`,
        'aria-describedby': 'question-keys',
      }}
    >
      <span id="question-keys" className="unseen">
        Enter sends, Shift and Enter begins a new line.
      </span>
      {stoppable === 'no' ? (
        <button type="submit" className="button ask" disabled={!ready}>
          Ask
        </button>
      ) : (
        <button
          type="button"
          className="button"
          disabled={stoppable === 'asked'}
          aria-describedby="stop-cost"
          onClick={onStop}
        >
          Stop<span className="unseen"> the reply</span>
        </button>
      )}
    </AskForm>
  );
}
