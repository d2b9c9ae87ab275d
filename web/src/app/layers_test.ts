import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

// app -> features -> components -> lib; no feature knows another.
const root = fileURLToPath(new URL('..', import.meta.url));
const ranks = ['lib', 'components', 'features', 'app'];

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !/_test\.tsx?$/.test(entry.name) ? [path] : [];
  });
}

function breaksOrder(from: string, to: string): boolean {
  const [a = '', aFeature] = from.split('/');
  const [b = '', bFeature] = to.split('/');
  return ranks.indexOf(b) > ranks.indexOf(a) || (a === 'features' && b === 'features' && aFeature !== bFeature);
}

it('imports only downwards', () => {
  const files = sources(root);
  expect(files.length).toBeGreaterThan(20);
  const upward = files.flatMap((file) => {
    const imports = [...readFileSync(file, 'utf8').matchAll(/(?:from|import) '(\.[^']+)'/g)];
    return imports
      .map((match) => relative(root, join(dirname(file), match[1]!)))
      .filter((to) => breaksOrder(relative(root, file), to))
      .map((to) => `${relative(root, file)} imports ${to}`);
  });
  expect(upward).toEqual([]);
});

it('tells an upward import from a downward one', () => {
  expect(breaksOrder('lib/api.ts', 'features/chat/turn')).toBe(true);
  expect(breaksOrder('features/pages/x.ts', 'features/chat/turn')).toBe(true);
  expect(breaksOrder('features/chat/x.ts', 'features/chat/turn')).toBe(false);
  expect(breaksOrder('app/app.tsx', 'lib/api')).toBe(false);
});
