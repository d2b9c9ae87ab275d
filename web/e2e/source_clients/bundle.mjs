// Makes one script of a source's TypeScript as it stands in its checkout. React is ours; each other package is a small stand-in, a
// file of stand_ins/ that does what the screen needs of it.

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));

/** `@/x` is the checkout's src/x, as its tsconfig.json has it. */
function resolver(sources) {
  return {
    name: 'checkout',
    setup(bundler) {
      const fromHere = (path, kind) => bundler.resolve(path, { kind, resolveDir: here, pluginData: 'here' });
      bundler.onResolve({ filter: /^@\// }, ({ path, kind }) => fromHere(join(sources, path.slice(2)), kind));
      bundler.onResolve({ filter: /^[a-z]/ }, ({ path, kind, pluginData }) => {
        const standIn = join(here, 'stand_ins', `${path}.js`);
        if (existsSync(standIn)) return { path: standIn };
        return pluginData === 'here' ? undefined : fromHere(path, kind);
      });
    },
  };
}

/** `entry`: the text of a module in the folder `sources`. `define`: names to put values for. Gives the text of an ES module. */
export async function bundle(entry, sources, define = {}) {
  const done = await build({
    stdin: { contents: entry, resolveDir: sources, loader: 'tsx' },
    bundle: true,
    write: false,
    format: 'esm',
    define,
    logLevel: 'silent',
    // Instead of the checkout's own, which leaves JSX to its framework.
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx' } },
    plugins: [resolver(sources)],
  });
  return done.outputFiles[0].text;
}
