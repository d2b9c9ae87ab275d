import { useEffect, useRef, type ComponentProps, type KeyboardEvent, type MouseEvent, type ReactElement } from 'react';
import './dialog.css';

export interface DialogProps extends Pick<ComponentProps<'dialog'>, 'className' | 'style' | 'aria-label' | 'aria-labelledby' | 'children'> {
  /** Escape, or whatever else the dialog offers: who shows it shows it no more. */
  onClose: () => void;
  /** A touch beside it closes it as well. Its content must fill it: a touch on the dialog itself counts as one beside it. */
  closesBeside?: boolean;
  /** A media query: over the page where it holds, beside it elsewhere. Always over the page where none is given. */
  modalWhere?: string;
  /** What it was opened for. For something else it is opened anew. */
  occasion?: unknown;
}

/** Open for as long as it is there. It takes the focus, and gives it back to what had it when it was opened. */
export function Dialog({ onClose, closesBeside, modalWhere = 'all', occasion, ...shown }: DialogProps): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opened = dialog.current!;
    const before = document.activeElement;
    const modal = window.matchMedia(modalWhere);
    const open = () => {
      opened.close();
      if (modal.matches) opened.showModal();
      else opened.show();
    };
    open();
    modal.addEventListener('change', open);
    return () => {
      modal.removeEventListener('change', open);
      // Beside the page, the reader may have gone on elsewhere.
      const now = document.activeElement;
      const lost = now === null || now === document.body || opened.contains(now);
      opened.close();
      if (lost && before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, [modalWhere, occasion]);

  // A dialog that is not modal has no `cancel`.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape' && !dialog.current?.matches(':modal')) onClose();
  };
  const onClick = (event: MouseEvent) => {
    if (closesBeside && event.target === dialog.current) onClose();
  };
  return <dialog ref={dialog} {...shown} onCancel={onClose} onKeyDown={onKeyDown} onClick={onClick} />;
}

/** "Close ×"; `what` for who does not see what is closed. */
export function CloseButton({ what, onClose }: { what: string; onClose: () => void }): ReactElement {
  return (
    <button type="button" className="button" onClick={onClose}>
      Close <span aria-hidden="true">×</span>
      <span className="unseen">{what}</span>
    </button>
  );
}
