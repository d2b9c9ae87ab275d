import { useLayoutEffect, type ComponentProps, type FormEvent, type KeyboardEvent, type ReactElement, type ReactNode, type RefObject } from 'react';
import './ask_form.css';

export interface AskFormProps {
  className: string;
  box: RefObject<HTMLTextAreaElement | null>;
  text: string;
  /** The question may go out as it stands. */
  ready: boolean;
  onText: (text: string) => void;
  /** Without the spaces around it. */
  onAsk: (question: string) => void;
  onEscape?: () => void;
  /** What the text area is called, and what is said of it. */
  area: Pick<ComponentProps<'textarea'>, 'id' | 'placeholder' | 'aria-label' | 'aria-describedby'>;
  /** The buttons. */
  children: ReactNode;
}

/** A text area as tall as its text, up to the limit in the style sheet. Enter asks, Shift and Enter begins a new line. */
export function AskForm(props: AskFormProps): ReactElement {
  const { box, text } = props;
  useLayoutEffect(() => {
    const area = box.current!;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight + 2}px`;
  }, [text, box]);

  const ask = (event: FormEvent | KeyboardEvent) => {
    event.preventDefault();
    if (props.ready) props.onAsk(text.trim());
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Then the key is for the input method: it chooses a word or leaves it.
    if (event.nativeEvent.isComposing) return;
    if (event.key === 'Escape') props.onEscape?.();
    if (event.key === 'Enter' && !event.shiftKey) ask(event);
  };
  return (
    <form className={`ask-form ${props.className}`} onSubmit={ask}>
      <textarea
        {...props.area}
        ref={box}
        rows={1}
        value={text}
        enterKeyHint="send"
        onChange={(event) => props.onText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {props.children}
    </form>
  );
}
