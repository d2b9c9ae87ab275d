import { useEffect, useRef, useState, type FocusEvent, type KeyboardEvent, type ReactElement } from 'react';
import type { Reader } from '../../lib/reader';
import { clockTime, timeOrDay } from '../../lib/when';
import './sign_in.css';

export interface AccountProps {
  reader: Reader;
  /** The session has ended, and the reader wanted to sign in later. */
  ended: boolean;
  onSignInAgain: () => void;
  /** Why the reader is signed in still, in a sentence, or "". */
  onSignOut: () => Promise<string>;
}

/** Who is signed in, and the way out. */
export function Account({ reader, ended, onSignInAgain, onSignOut }: AccountProps): ReactElement {
  const [open, setOpen] = useState(false);
  const [trouble, setTrouble] = useState('');
  const opener = useRef<HTMLButtonElement>(null);
  const whole = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const onPointer = (event: PointerEvent) => {
      if (!whole.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', onPointer);
    return () => document.removeEventListener('pointerdown', onPointer);
  }, [open]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !open) return;
    event.stopPropagation();
    setOpen(false);
    opener.current?.focus();
  };
  const onBlur = (event: FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setOpen(false);
  };
  if (ended) {
    return (
      <div className="account">
        <button type="button" className="button" onClick={onSignInAgain}>
          Sign in<span className="account-again-as"> again</span>
        </button>
      </div>
    );
  }
  return (
    <div className="account" ref={whole} onKeyDown={onKeyDown} onBlur={onBlur}>
      <button
        type="button"
        className="button account-name"
        ref={opener}
        aria-expanded={open}
        aria-controls="account-card"
        onClick={() => setOpen(!open)}
      >
        <span className="account-initial" aria-hidden="true">
          {Array.from(reader.user_id)[0]?.toUpperCase()}
        </span>
        <span className="unseen">Signed in as </span>
        <span className="account-id">{reader.user_id}</span>
      </button>
      {/* Takes the focus, so that a touch in it does not close it. */}
      <div className="account-card" id="account-card" hidden={!open} tabIndex={-1}>
        <p>
          Signed in as <b>{reader.user_id}</b>
          {reader.admin ? ', an admin.' : '.'}
        </p>
        {reader.expires !== null && <p className="account-until">Your session ends {whenIn(reader.expires)}.</p>}
        {trouble !== '' && <p role="alert">{trouble}</p>}
        <button type="button" className="button" onClick={() => void onSignOut().then(setTrouble)}>
          Sign out
        </button>
      </div>
    </div>
  );
}

/** "at 18:30", "on 9 May, 06:30" */
function whenIn(time: string): string {
  const moment = new Date(time);
  const clock = clockTime(moment);
  const today = moment.toDateString() === new Date().toDateString();
  return today ? `at ${clock}` : `on ${timeOrDay(moment, new Date())}, ${clock}`;
}
