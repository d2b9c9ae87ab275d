import { useEffect, useRef, type MouseEvent, type ReactElement, type ReactNode } from 'react';

/** The list over the page, where there is no room beside it. Escape, the button or a touch beside it closes it. */
export function ConversationDrawer({ onClose, children }: { onClose: () => void; children: ReactNode }): ReactElement {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const opened = dialog.current!;
    const before = document.activeElement;
    opened.showModal();
    return () => {
      opened.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  const onClick = (event: MouseEvent) => {
    if (event.target === dialog.current) onClose();
  };
  return (
    <dialog ref={dialog} className="past-drawer" aria-label="Conversations" onCancel={onClose} onClick={onClick}>
      <div className="past-drawer-inside">
        <div className="past-drawer-bar">
          <button type="button" className="button" onClick={onClose}>
            Close <span aria-hidden="true">×</span>
            <span className="unseen">the list of conversations</span>
          </button>
        </div>
        {children}
      </div>
    </dialog>
  );
}
