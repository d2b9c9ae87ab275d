import { useEffect, useMemo, useRef, type KeyboardEvent, type ReactElement } from 'react';
import type { Page } from '../../lib/api_types';
import { markPage, type QuotedSpan, type Run } from './page_text';
import { usePage } from './use_page';
import './pages.css';

/** Which page to show, and the words on it that brought the reader there. */
export interface PagePlace {
  page_id: string;
  world: string;
  /** "p. 12" */
  mark: string;
  span: QuotedSpan;
  color_hex: string;
}

export interface PageDrawerProps {
  place: PagePlace;
  onClose: () => void;
}

/** Beside the conversation where there is room, over it (modal) where there is none. Escape closes it. */
export function PageDrawer({ place, onClose }: PageDrawerProps): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  const { loaded, reload } = usePage(place.page_id, place.world);
  useOpenDialog(dialog);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onClose();
  };
  return (
    <dialog ref={dialog} className="drawer" aria-labelledby="drawer-title" onKeyDown={onKeyDown} onCancel={onClose}>
      <div className="drawer-bar">
        <span className="drawer-mark">{place.mark}</span>
        <button type="button" className="button" onClick={onClose}>
          Close <span aria-hidden="true">×</span>
          <span className="unseen">the page</span>
        </button>
      </div>
      {loaded.state === 'loading' && (
        <p className="drawer-status" id="drawer-title" role="status">
          Finding the page…
        </p>
      )}
      {loaded.state === 'failed' && (
        <div className="drawer-status" role="alert">
          <p id="drawer-title">{loaded.message}</p>
          <button type="button" className="button" onClick={reload}>
            Try again
          </button>
        </div>
      )}
      {loaded.state === 'ready' && <Leaf page={loaded.page} span={place.span} />}
    </dialog>
  );
}

/** Opens the dialog, gives the focus back at the end, and follows the window from wide to narrow. */
function useOpenDialog(ref: React.RefObject<HTMLDialogElement | null>): void {
  useEffect(() => {
    const dialog = ref.current!;
    const before = document.activeElement;
    const narrow = window.matchMedia('(max-width: 75rem)');
    const open = () => {
      dialog.close();
      if (narrow.matches) dialog.showModal();
      else dialog.show();
    };
    open();
    narrow.addEventListener('change', open);
    return () => {
      narrow.removeEventListener('change', open);
      dialog.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [ref]);
}

function Leaf({ page, span }: { page: Page; span: QuotedSpan }): ReactElement {
  const first = useRef<HTMLElement>(null);
  const { paragraphs, found } = useMemo(() => markPage(page.text, span), [page, span]);
  useEffect(() => {
    first.current?.scrollIntoView({ block: 'center' });
  }, [paragraphs]);

  let marks = 0;
  const run = ({ text, marked }: Run, i: number) =>
    marked ? (
      <mark key={i} ref={marks++ === 0 ? first : undefined} className="page-quote">
        {text}
      </mark>
    ) : (
      text
    );
  return (
    <article className="leaf" tabIndex={0} aria-labelledby="drawer-title">
      <header className="leaf-head">
        {page.chapter !== '' && page.chapter !== page.title && <p className="leaf-chapter">{page.chapter}</p>}
        <h2 id="drawer-title">{page.title || page.chapter || `Page ${page.label || page.id}`}</h2>
      </header>
      {found === 'elsewhere' && <p className="leaf-note">This page was edited after it was quoted; the words have moved.</p>}
      {found === 'absent' && <p className="leaf-note">This page was edited after it was quoted; the words are no longer on it.</p>}
      <div className="leaf-text">
        {paragraphs.map((runs, i) => (
          <p key={i} className={isVerse(runs) ? 'verse' : undefined}>
            {runs.map(run)}
          </p>
        ))}
      </div>
      <footer className="leaf-foot">{page.label || page.id}</footer>
    </article>
  );
}

/** Line breaks are kept where all lines are short: verse, not a text with hard-wrapped lines. */
function isVerse(runs: readonly Run[]): boolean {
  const lines = runs.map((run) => run.text).join('').split('\n');
  return lines.length > 1 && lines.every((line) => line.length <= 52);
}
