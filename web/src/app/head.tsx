import type { ReactElement } from 'react';
import { Door } from '../components/door';
import { credits } from '../lib/credits';

export interface HeadProps {
  charId: string;
  title: string;
  /** Credits; undefined while they are not known. */
  balance: number | undefined;
  /** Who is signed in, where somebody is. */
  account: ReactElement | undefined;
  /** Opens the list of conversations, where it is not beside the page. */
  onPast: (() => void) | undefined;
}

export function Head({ charId, title, balance, account, onPast }: HeadProps): ReactElement {
  return (
    <header className="head">
      <span className="head-mark">
        <Door id={charId} />
      </span>
      <h1 className="head-title">{title}</h1>
      {balance !== undefined && <p className="head-balance">{credits(balance)}</p>}
      {account}
      {onPast && (
        <button type="button" className="button head-past" aria-haspopup="dialog" onClick={onPast}>
          <span aria-hidden="true">☰</span>
          <span className="unseen">Conversations</span>
        </button>
      )}
    </header>
  );
}
