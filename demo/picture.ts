/** Makes a picture of terminal output: `npm run demo 2>&1 | node demo/picture.ts > docs/demo.svg`. */
import { text } from 'node:stream/consumers';

const CHARACTER = 7.8;
const LINE = 18;
const MARGIN = 16;

function escaped(line: string): string {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

const lines = (await text(process.stdin)).trimEnd().split('\n');
const width = Math.ceil(Math.max(...lines.map((line) => line.length)) * CHARACTER + 2 * MARGIN);
const height = lines.length * LINE + 2 * MARGIN;
const rows = lines.map(
  (line, at) => `<text x="${MARGIN}" y="${MARGIN + (at + 0.8) * LINE}" xml:space="preserve">${escaped(line)}</text>`,
);
console.log(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="Output of npm run demo">
<rect width="100%" height="100%" rx="8" fill="#10151c"/>
<g font-family="ui-monospace, monospace" font-size="13" fill="#d5dde6">
${rows.join('\n')}
</g>
</svg>`);
