import { useEffect, type ReactElement } from 'react';
import { DoorWithinDoors } from '../../components/door';
import { voiceStyle } from '../../components/voice';
import { brass } from '../../lib/palette';
import { SignInForm } from './sign_in_form';
import './sign_in.css';

/** The door of a book that opens to readers who sign in. */
export function SignInPage({ onSignIn }: { onSignIn: (pasted: string) => Promise<string> }): ReactElement {
  useEffect(() => {
    document.title = 'Sign in · Gibsey';
  }, []);
  return (
    <main className="sign-in-page voiced" style={voiceStyle(brass)}>
      <div className="sign-in">
        <DoorWithinDoors className="sign-in-door" />
        <h1>Who is reading?</h1>
        <p className="sign-in-lead">This book opens to its readers. Paste the token or API key that you were given.</p>
        <SignInForm onSignIn={onSignIn} />
      </div>
    </main>
  );
}
