/** Markup that may stand in a page as it is. Only `html` makes it, and it lets no text through unescaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** What may stand between markup: text is escaped, nothing is nothing. */
type Part = Markup | string | number | undefined | false | readonly Part[];

/** A piece of a page: `` html`<p>${text}</p>` ``. Attributes are to be in double quotes. */
export function html(pieces: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  return new Markup(pieces.reduce((before, piece, index) => before + textOf(parts[index - 1]) + piece));
}

function textOf(part: Part): string {
  if (part === undefined || part === false) return '';
  if (part instanceof Markup) return part.text;
  if (typeof part === 'object') return part.map((each) => textOf(each)).join('');
  return String(part).replaceAll(/[&<>"'`]/g, (found) => `&#${found.charCodeAt(0)};`);
}
