/** Columns of a terminal that one character takes: 2 for East Asian wide and emoji, 0 for combining marks. */
function widthOf(codePoint: number): number {
  if (codePoint < 0x300) return 1;
  if (/\p{Mark}/u.test(String.fromCodePoint(codePoint)) || codePoint === 0x200d) return 0;
  const wide =
    (codePoint >= 0x1100 && codePoint <= 0x115f) ||
    (codePoint >= 0x2e80 && codePoint <= 0xa4cf && codePoint !== 0x303f) ||
    (codePoint >= 0xac00 && codePoint <= 0xd7a3) ||
    (codePoint >= 0xf900 && codePoint <= 0xfaff) ||
    (codePoint >= 0xfe30 && codePoint <= 0xfe6f) ||
    (codePoint >= 0xff00 && codePoint <= 0xff60) ||
    (codePoint >= 0xffe0 && codePoint <= 0xffe6) ||
    (codePoint >= 0x1f300 && codePoint <= 0x1faff) ||
    (codePoint >= 0x20000 && codePoint <= 0x3fffd);
  return wide ? 2 : 1;
}

const TAB = 4;

/** A line as it is shown, and the column that each UTF-16 offset of it begins at (one more for its end). */
export interface ShownLine {
  readonly text: string;
  readonly columns: readonly number[];
}

/** Tabs become spaces up to the next multiple of 4, control characters a dot. */
export function showLine(line: string): ShownLine {
  const columns: number[] = [];
  let text = '';
  let column = 0;
  for (const character of line) {
    const codePoint = character.codePointAt(0) as number;
    for (let i = 0; i < character.length; i++) columns.push(column);
    if (character === '\t') {
      const width = TAB - (column % TAB);
      text += ' '.repeat(width);
      column += width;
    } else if (codePoint < 0x20 || (codePoint >= 0x7f && codePoint < 0xa0)) {
      text += '·';
      column++;
    } else {
      text += character;
      column += widthOf(codePoint);
    }
  }
  columns.push(column);
  return { text, columns };
}
