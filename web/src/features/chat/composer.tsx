import { type FormEvent, type KeyboardEvent, type ReactElement, type RefObject } from 'react';
import type { Character } from '../../lib/api_types';
import { isSendKey } from './send_key';
import { useGrownArea } from './use_grown_area';

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
  useGrownArea(box, draft);
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (!busy && draft.trim() !== '') onAsk(draft.trim());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isSendKey(event)) return;
    event.preventDefault();
    submit();
  };
  return (
    <form className="composer" onSubmit={submit}>
      <label htmlFor="question" className="unseen">
        Your question to {character.display_name}
      </label>
      <textarea
        ref={box}
        id="question"
        rows={1}
        value={draft}
        placeholder={`Ask ${character.display_name}…`}
        aria-describedby="question-keys"
        enterKeyHint="send"
        onChange={(event) => onDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <span id="question-keys" className="unseen">
        Enter sends, Shift and Enter begins a new line.
      </span>
      {stoppable === 'no' ? (
        <button type="submit" className="button ask" disabled={busy || draft.trim() === ''}>
          Ask
        </button>
      ) : (
        <button
          type="button"
          className="button stop"
          disabled={stoppable === 'asked'}
          aria-describedby="stop-cost"
          onClick={onStop}
        >
          Stop<span className="unseen"> the reply</span>
        </button>
      )}
    </form>
  );
}
