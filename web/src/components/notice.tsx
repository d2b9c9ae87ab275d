import type { ReactElement } from 'react';
import './notice.css';

export interface NoticeProps {
  title: string;
  text?: string;
  onRetry?: () => void;
  retryLabel?: string;
}

/** Instead of the book: what is being waited for, or why there is none. */
export function Notice({ title, text, onRetry, retryLabel = 'Try again' }: NoticeProps): ReactElement {
  return (
    <main>
      <div className="notice" role={onRetry ? 'alert' : 'status'}>
        <h1>{title}</h1>
        {text && <p>{text}</p>}
        {onRetry && (
          <button type="button" className="button" onClick={onRetry}>
            {retryLabel}
          </button>
        )}
      </div>
    </main>
  );
}
