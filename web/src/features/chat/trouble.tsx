import { useEffect, useState, type ReactElement, type ReactNode } from 'react';
import { readerId } from '../../lib/storage';
import type { Turn } from './turn';

export interface TroubleProps {
  turn: Turn;
  /** False for the last resort itself, and in a cast without narrator. */
  narratorLeft: boolean;
  onAgain: (turn: Turn) => void;
  onAskNarrator: (turn: Turn) => void;
  onEdit: (turn: Turn) => void;
}

/** What went wrong with a turn, in plain words, and what to do now. Nothing where all went well. */
export function Trouble(props: TroubleProps): ReactElement | null {
  const { turn } = props;
  switch (turn.status) {
    case 'refused':
      if (turn.refusal?.kind === 'credits') return <NeedsCredits {...props} />;
      if (turn.refusal?.kind === 'busy') return <Busy {...props} />;
      return <Refused {...props} />;
    case 'failed':
      return <Failed {...props} />;
    case 'unreachable':
      return (
        <Panel title="No answer from the server." actions={<Again {...props} label="Retry" />}>
          Your question is kept here. See that <code>gibsey serve</code> is running, then retry. Should it
          have heard you after all, that reply was charged too.
        </Panel>
      );
    case 'broken':
      return (
        <Panel title="The line broke off." actions={<Again {...props} label="Retry" />}>
          {turn.reply === '' ? 'Your question is kept here.' : 'What had arrived is kept here.'} The server finishes a
          reply that it has begun and charges it once.
        </Panel>
      );
    case 'stopped':
      return <p className="stopped-note">Stopped here. The reply is kept, and charged once.</p>;
    default:
      return null;
  }
}

function NeedsCredits({ turn, narratorLeft, onAgain, onAskNarrator, onEdit }: TroubleProps): ReactElement {
  const refusal = turn.refusal?.kind === 'credits' ? turn.refusal : { needed: 0, available: 0 };
  const have = refusal.available === 0 ? 'none' : refusal.available;
  const narrator = narratorLeft && turn.char_id !== '' && refusal.available > 0;
  return (
    <Panel
      title={`This question needs ${refusal.needed} ${refusal.needed === 1 ? 'credit' : 'credits'}, you have ${have}.`}
      actions={
        <>
          {narrator && (
            <button type="button" className="button" onClick={() => onAskNarrator(turn)}>
              Ask the narrator instead
            </button>
          )}
          <button type="button" className="button" onClick={() => onAgain(turn)}>
            Ask again
          </button>
          <Edit turn={turn} onEdit={onEdit} />
        </>
      }
    >
      Nothing was charged and your question is kept.
      {narrator && ' The narrator usually answers for less.'} Whoever runs this book can give you more, with{' '}
      <code>gibsey credit grant {readerId()} 100</code>
    </Panel>
  );
}

function Busy(props: TroubleProps): ReactElement {
  const left = useSecondsLeft(props.turn.again_at ?? 0);
  const detail = props.turn.refusal?.kind === 'busy' ? props.turn.refusal.detail : '';
  return (
    <Panel
      title="Too many voices at once."
      actions={
        <>
          <button type="button" className="button" disabled={left > 0} onClick={() => props.onAgain(props.turn)}>
            {left > 0 ? `Ask again in ${left} s` : 'Ask again'}
          </button>
          <Edit {...props} />
        </>
      }
    >
      {detail || 'The book is answering others.'} Nothing was charged and your question is kept.
      <span className="unseen" role="status">
        {left > 0 ? '' : 'You can ask again now.'}
      </span>
    </Panel>
  );
}

function Refused(props: TroubleProps): ReactElement {
  const refusal = props.turn.refusal;
  const detail = refusal?.kind === 'problem' ? refusal.detail : 'The question was not taken.';
  return (
    <Panel
      title={detail}
      actions={
        <>
          <Again {...props} label="Ask again" />
          <Edit {...props} />
        </>
      }
    >
      Nothing was charged and your question is kept.
    </Panel>
  );
}

function Failed(props: TroubleProps): ReactElement {
  const error = props.turn.error;
  const released = error?.released ?? 0;
  const back = released > 0 ? `${released === 1 ? '1 credit was' : `${released} credits were`} given back. ` : '';
  return (
    <Panel
      title={error?.message ?? 'The answer broke off.'}
      actions={
        <>
          {error?.retryable !== false && <Again {...props} label="Ask again" />}
          {props.turn.reply === '' && <Edit {...props} />}
        </>
      }
    >
      {back}
      {props.turn.reply === '' ? 'Your question is kept here.' : 'What had arrived is kept here.'}
    </Panel>
  );
}

function Again({ turn, onAgain, label }: TroubleProps & { label: string }): ReactElement {
  return (
    <button type="button" className="button" onClick={() => onAgain(turn)}>
      {label}
    </button>
  );
}

function Edit({ turn, onEdit }: Pick<TroubleProps, 'turn' | 'onEdit'>): ReactElement {
  return (
    <button type="button" className="quiet-button" onClick={() => onEdit(turn)}>
      Edit the question
    </button>
  );
}

function Panel({ title, children, actions }: { title: string; children: ReactNode; actions: ReactNode }): ReactElement {
  return (
    <div className="trouble" role="alert">
      <p className="trouble-title">{title}</p>
      <p className="trouble-text">{children}</p>
      <div className="trouble-actions">{actions}</div>
    </div>
  );
}

function useSecondsLeft(until: number): number {
  const secondsLeft = () => Math.max(0, Math.ceil((until - Date.now()) / 1000));
  const [left, setLeft] = useState(secondsLeft);
  useEffect(() => {
    setLeft(secondsLeft());
    const timer = setInterval(() => {
      setLeft(secondsLeft());
      if (Date.now() >= until) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
    // `secondsLeft` reads only `until` and the clock.
  }, [until]);
  return left;
}
