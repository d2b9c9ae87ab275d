import { useEffect, useState, type ReactElement, type ReactNode } from 'react';
import { credits } from '../../lib/credits';
import { notSignedIn } from '../../lib/http';
import { useReader } from '../../lib/reader';
import type { Turn } from './turn';
import './trouble.css';

export interface TroubleProps {
  turn: Turn;
  /** False in a cast without narrator. */
  narratorLeft: boolean;
  /** It is the end of what is shown, and no reply is arriving. */
  mayAskAgain: boolean;
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
      return <Failed {...props} title={sentence(turn.error?.message ?? 'the answer broke off')} />;
    case 'interrupted':
      return <Failed {...props} title="The server stopped while this reply was being written." />;
    case 'lost':
      return (
        <Panel title="The server does not know this reply any more." actions={<Again {...props} label="Ask again" />}>
          {turn.refusal?.kind === 'problem' && `${turn.refusal.detail} `}
          {turn.reply === '' ? 'Your question is kept here.' : 'What had arrived is kept here.'}
        </Panel>
      );
    case 'unreachable':
      return (
        <Panel title="No answer from the server." actions={<Again {...props} label="Retry" />}>
          Your question is kept here. See that <code>gibsey serve</code> is running, then retry. Should it have heard you after
          all, you get that reply and pay for it once.
        </Panel>
      );
    case 'stopped':
      return <p className="stopped-note">{stoppedText(turn)}</p>;
    default:
      return null;
  }
}

/** The server's message may be half a sentence. */
function sentence(message: string): string {
  const text = message.trim();
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?…]$/.test(text) ? '' : '.'}`;
}

function stoppedText(turn: Turn): string {
  const free = turn.receipt !== undefined && turn.receipt.charged === 0;
  if (turn.reply === '') return free ? 'Stopped before the first word. Nothing was charged.' : 'Stopped before the first word.';
  return free ? 'Stopped here. The reply is kept.' : 'Stopped here. The reply is kept, and charged in full.';
}

function NeedsCredits(props: TroubleProps): ReactElement {
  const { turn, narratorLeft, onAskNarrator } = props;
  const { user_id } = useReader();
  const refusal = turn.refusal?.kind === 'credits' ? turn.refusal : { needed: 0, available: 0 };
  const have = refusal.available === 0 ? 'none' : refusal.available;
  const narrator = narratorLeft && turn.char_id !== '' && refusal.available > 0;
  return (
    <Panel
      title={`This question needs ${credits(refusal.needed)}, you have ${have}.`}
      actions={
        <>
          {narrator && (
            <button type="button" className="button" onClick={() => onAskNarrator(turn)}>
              Ask the narrator instead
            </button>
          )}
          <Again {...props} label="Ask again" />
          <Edit {...props} />
        </>
      }
    >
      Nothing was charged and your question is kept.
      {narrator && ' The narrator usually answers for less.'} Whoever runs this book can give you more, with{' '}
      <code>gibsey credit grant {user_id} 100</code>
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
          <button
            type="button"
            className="button"
            disabled={left > 0 || !props.mayAskAgain}
            onClick={() => props.onAgain(props.turn)}
          >
            {left > 0 ? `Ask again in ${left} s` : 'Ask again'}
          </button>
          <Edit {...props} />
          <span className="unseen" role="status">
            {left > 0 ? '' : 'You can ask again now.'}
          </span>
        </>
      }
    >
      {detail || 'The book is answering others.'} Nothing was charged and your question is kept.
    </Panel>
  );
}

function Refused(props: TroubleProps): ReactElement {
  const refusal = props.turn.refusal;
  const problem = refusal?.kind === 'problem' ? refusal : undefined;
  const signedOut = problem?.status === 401;
  const title = signedOut ? notSignedIn : (problem?.detail ?? 'The question was not taken.');
  return (
    <Panel
      title={title}
      actions={
        <>
          <Again {...props} label={signedOut ? 'Sign in and ask' : 'Ask again'} />
          <Edit {...props} />
        </>
      }
    >
      Nothing was charged and your question is kept.
    </Panel>
  );
}

/** The question was taken and the reply did not come to its end. */
function Failed(props: TroubleProps & { title: string }): ReactElement {
  const { turn, title } = props;
  const back = turn.receipt?.released ?? 0;
  return (
    <Panel title={title} actions={turn.error?.retryable !== false && <Again {...props} label="Retry" />}>
      {back > 0 && `${back === 1 ? '1 credit was' : `${back} credits were`} given back. `}
      {back === 0 && turn.error?.released === true && 'Nothing was charged. '}
      {turn.reply === '' ? 'Your question is kept here.' : 'What had arrived is kept here.'}
    </Panel>
  );
}

function Again({ turn, mayAskAgain, onAgain, label }: TroubleProps & { label: string }): ReactElement | null {
  if (!mayAskAgain) return null;
  return (
    <button type="button" className="button" onClick={() => onAgain(turn)}>
      {label}
    </button>
  );
}

/** Takes the question back into the box, or, where it is only asked once more, away. */
function Edit({ turn, onEdit }: Pick<TroubleProps, 'turn' | 'onEdit'>): ReactElement {
  return (
    <button type="button" className="quiet-button" onClick={() => onEdit(turn)}>
      {turn.again_of === '' ? 'Edit the question' : 'Leave it'}
    </button>
  );
}

function Panel({ title, children, actions }: { title: string; children: ReactNode; actions: ReactNode }): ReactElement {
  return (
    <div className="trouble">
      {/* Without the actions: an alert is read out whole at each change in it, and a button may count seconds. */}
      <div role="alert">
        <p className="trouble-title">{title}</p>
        <p className="trouble-text">{children}</p>
      </div>
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
