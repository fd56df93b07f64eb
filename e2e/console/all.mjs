// Every script, one after the other, in one process: one browser serves them all.
import {readdirSync} from 'node:fs';

for (const name of readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.mjs')).sort()) await import(`./${name}`);
