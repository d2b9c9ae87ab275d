import { useId, useRef, useState, type FormEvent, type ReactElement, type ReactNode } from 'react';

export interface SignInFormProps {
  /** Why it was refused, in a sentence, or "". */
  onSignIn: (pasted: string) => Promise<string>;
  /** More to do than to sign in. */
  children?: ReactNode;
}

/**
 * A field for a token and the way in. The token stays in the field alone, also where it was refused: it is in no state and has no
 * name by which a form could send it.
 */
export function SignInForm({ onSignIn, children }: SignInFormProps): ReactElement {
  const field = useRef<HTMLInputElement>(null);
  const [refused, setRefused] = useState('');
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState(false);
  const id = useId();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const trouble = await onSignIn(field.current?.value ?? '');
    setBusy(false);
    setRefused(trouble);
    if (trouble === '') return;
    field.current?.focus();
    field.current?.select();
  };
  return (
    <form className="sign-in-form" onSubmit={(event) => void submit(event)} aria-busy={busy}>
      <label htmlFor={id}>Token or API key</label>
      <div className="sign-in-field">
        <input
          ref={field}
          id={id}
          type={shown ? 'text' : 'password'}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          autoFocus
          aria-describedby={`${id}-refused ${id}-kept`}
          aria-invalid={refused !== '' || undefined}
        />
        <button type="button" className="quiet-button" aria-pressed={shown} onClick={() => setShown(!shown)}>
          Show<span className="unseen"> what is pasted</span>
        </button>
      </div>
      <p className="sign-in-refused" id={`${id}-refused`} role="alert">
        {refused}
      </p>
      <div className="sign-in-actions">
        <button type="submit" className="button sign-in-enter" aria-disabled={busy}>
          {busy ? 'Signing in…' : 'Sign in'}
        </button>
        {children}
      </div>
      <p className="sign-in-kept" id={`${id}-kept`}>
        It goes to this server once. The page does not keep it; the browser holds a session until that ends or you sign out.
      </p>
    </form>
  );
}
