import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
// Before all parts, whose style sheets change what it says of buttons.
import './theme.css';
import { FailureBoundary } from '../components/failure_boundary';
import { App } from './app';
import './app.css';

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <FailureBoundary>
      <App />
    </FailureBoundary>
  </StrictMode>,
);
