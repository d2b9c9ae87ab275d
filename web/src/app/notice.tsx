import type { ReactElement } from 'react';

/** Instead of the book: what is being waited for, or why there is none. */
export function Notice({ title, text, onRetry }: { title: string; text?: string; onRetry?: () => void }): ReactElement {
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
