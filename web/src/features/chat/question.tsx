import { useEffect, useId, useRef, type ReactElement } from 'react';
import { AskForm } from './ask_form';
import { pricePhrase } from './receipt_text';
import { isUnsent, type Turn } from './turn';
import './question.css';

export interface QuestionProps {
  turn: Turn;
  /** New words for the question; undefined while it is not being put otherwise. */
  rewording: string | undefined;
  /** No reply is arriving. */
  mayAsk: boolean;
  /** Undefined ends it. */
  onReword: (turnId: string, text: string | undefined) => void;
  onRephrase: (turn: Turn, question: string) => void;
}

/** What the reader asked, and the way to put it otherwise. */
export function Question({ turn, rewording, mayAsk, onReword, onRephrase }: QuestionProps): ReactElement {
  const opener = useRef<HTMLButtonElement>(null);
  const leave = () => {
    onReword(turn.turn_id, undefined);
    // The button is there again after this render.
    requestAnimationFrame(() => opener.current?.focus());
  };
  if (rewording !== undefined && !isUnsent(turn)) {
    return (
      <RewordForm
        turn={turn}
        text={rewording}
        mayAsk={mayAsk}
        onText={(text) => onReword(turn.turn_id, text)}
        onLeave={leave}
        onAsk={(question) => onRephrase(turn, question)}
      />
    );
  }
  return (
    <div className="question-place">
      <p className="question">
        <span className="unseen">You asked: </span>
        {turn.question}
      </p>
      {mayAsk && !isUnsent(turn) && (
        <button
          type="button"
          className="quiet-button question-edit"
          ref={opener}
          onClick={() => onReword(turn.turn_id, turn.question)}
        >
          Edit<span className="unseen"> the question “{turn.question}”</span>
        </button>
      )}
    </div>
  );
}

interface RewordFormProps {
  turn: Turn;
  text: string;
  mayAsk: boolean;
  onText: (text: string) => void;
  onLeave: () => void;
  onAsk: (question: string) => void;
}

function RewordForm({ turn, text, mayAsk, onText, onLeave, onAsk }: RewordFormProps): ReactElement {
  const box = useRef<HTMLTextAreaElement>(null);
  const note = useId();
  useEffect(() => {
    const area = box.current!;
    area.focus();
    area.setSelectionRange(area.value.length, area.value.length);
  }, []);

  const ready = mayAsk && text.trim() !== '' && text.trim() !== turn.question;
  return (
    <AskForm
      className="reword"
      box={box}
      text={text}
      ready={ready}
      onText={onText}
      onAsk={onAsk}
      onEscape={onLeave}
      area={{ 'aria-label': 'Your question in other words', 'aria-describedby': note }}
    >
      <div className="reword-foot">
        <p id={note}>{whatBecomes(turn)}</p>
        <button type="button" className="quiet-button" onClick={onLeave}>
          Cancel
        </button>
        <button type="submit" className="button ask" disabled={!ready}>
          Ask
        </button>
      </div>
    </AskForm>
  );
}

/** Of the old question, and what the new one costs. */
function whatBecomes(turn: Turn): string {
  return `Asks anew from here${pricePhrase(turn.receipt)}. The arrows lead back to the old question.`;
}
