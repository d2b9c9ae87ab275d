import { useCallback, useEffect, useMemo, useRef, type ReactElement } from 'react';
import { CloseButton, Dialog } from '../../components/dialog';
import { loadPage } from '../../lib/api';
import type { Page } from '../../lib/api_types';
import { useLoaded } from '../../lib/use_loaded';
import { PageNotes } from './page_notes';
import { markPage, type QuotedSpan, type Run } from './page_text';
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
  /** A note's citation was followed; `mark` is "p. 12". */
  onOpenPage: (pageId: string, mark: string) => void;
  onClose: () => void;
}

/** As in app.css: there is no room for it beside the conversation. */
const noRoom = '(max-width: 75rem)';

/** Beside the conversation where there is room, over it (modal) where there is none. Escape closes it. */
export function PageDrawer({ place, onOpenPage, onClose }: PageDrawerProps): ReactElement {
  const { page_id, world } = place;
  // Anew at each opening: the page may have been edited since.
  const load = useCallback((signal: AbortSignal) => loadPage(page_id, world, signal), [page_id, world]);
  const { loaded, reload } = useLoaded(load);
  return (
    <Dialog className="drawer" aria-labelledby="drawer-title" modalWhere={noRoom} occasion={place} onClose={onClose}>
      <div className="drawer-bar">
        <span className="drawer-mark">{place.mark}</span>
        <CloseButton what="the page" onClose={onClose} />
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
      {loaded.state === 'ready' && (
        <Leaf key={loaded.value.id} page={loaded.value} span={place.span} onOpenPage={onOpenPage} />
      )}
    </Dialog>
  );
}

interface LeafProps {
  page: Page;
  span: QuotedSpan;
  onOpenPage: PageDrawerProps['onOpenPage'];
}

function Leaf({ page, span, onOpenPage }: LeafProps): ReactElement {
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
      <PageNotes page={page} onOpenPage={onOpenPage} />
    </article>
  );
}

/** Line breaks are kept where all lines are short: verse, not a text with hard-wrapped lines. */
function isVerse(runs: readonly Run[]): boolean {
  const lines = runs.map((run) => run.text).join('').split('\n');
  return lines.length > 1 && lines.every((line) => line.length <= 52);
}
