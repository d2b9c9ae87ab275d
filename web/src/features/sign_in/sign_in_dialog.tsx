import type { ReactElement } from 'react';
import { Dialog } from '../../components/dialog';
import { DoorWithinDoors } from '../../components/door';
import { voiceStyle } from '../../components/voice';
import { brass } from '../../lib/palette';
import type { Reader } from '../../lib/reader';
import { SignInForm } from './sign_in_form';
import './sign_in.css';

export interface SignInDialogProps {
  /** Whose session has ended. */
  reader: Reader;
  onSignIn: (pasted: string) => Promise<string>;
  /** The reader does not want to, now. */
  onLater: () => void;
}

/** Over the page, where a session has ended in the middle of a talk: what was begun waits behind it. */
export function SignInDialog({ reader, onSignIn, onLater }: SignInDialogProps): ReactElement {
  return (
    <Dialog className="sign-in-dialog voiced" style={voiceStyle(brass)} aria-labelledby="sign-in-title" onClose={onLater}>
      <div className="sign-in">
        <DoorWithinDoors className="sign-in-door" />
        <h2 id="sign-in-title">{reader.signed_in ? 'Your session has ended.' : 'This book asks for a sign-in now.'}</h2>
        <p className="sign-in-lead">
          {reader.signed_in ? (
            <>
              Sign in again as <b>{reader.user_id}</b>, and all goes on from here.
            </>
          ) : (
            'Paste the token or API key that you were given.'
          )}{' '}
          What you wrote is kept.
        </p>
        <SignInForm onSignIn={onSignIn}>
          <button type="button" className="quiet-button" onClick={onLater}>
            Not now
          </button>
        </SignInForm>
      </div>
    </Dialog>
  );
}
