import type { Png } from '../data/png.ts';

/** Width and height of a character, and of the place it takes with the gap to the next. */
const [WIDTH, HEIGHT] = [5, 8];
const ADVANCE = WIDTH + 1;

/** Characters of 5×8 pixels: a digit in base 32 for each row, whose highest bit is the leftmost pixel. */
const glyphs: Readonly<Record<string, string>> = {
  a: '00e1fhf0',
  b: 'gguhhhu0',
  c: '00fgggf0',
  d: '11fhhhf0',
  e: '00ehvge0',
  f: '68u88880',
  g: '00fhhf1e',
  h: 'gguhhhh0',
  i: '40c444e0',
  j: '206222ic',
  k: 'ggikoki0',
  l: 'c44444e0',
  m: '00qllll0',
  n: '00uhhhh0',
  o: '00ehhhe0',
  p: '00uhhugg',
  q: '00fhhf11',
  r: '00mpggg0',
  s: '00fge1u0',
  t: '88u88860',
  u: '00hhhhf0',
  v: '00hhha40',
  w: '00hllla0',
  x: '00ha4ah0',
  y: '00hhhf1e',
  z: '00v248v0',
  '0': 'ehjlphe0',
  '1': '4c4444e0',
  '2': 'eh168gv0',
  '3': 'u11e11u0',
  '4': '26aiv220',
  '5': 'vgu11he0',
  '6': 'egguhhe0',
  '7': 'v1248880',
  '8': 'ehhehhe0',
  '9': 'ehhf11e0',
  A: 'ehhvhhh0',
  B: 'uhhuhhu0',
  C: 'fgggggf0',
  D: 'uhhhhhu0',
  E: 'vgguggv0',
  F: 'vgguggg0',
  G: 'fggjhhf0',
  H: 'hhhvhhh0',
  I: 'e44444e0',
  J: '72222ic0',
  K: 'hikokih0',
  L: 'ggggggv0',
  M: 'hrllhhh0',
  N: 'hpljhhh0',
  O: 'ehhhhhe0',
  P: 'uhhuggg0',
  Q: 'ehhhlid0',
  R: 'uhhukih0',
  S: 'fgge11u0',
  T: 'v4444440',
  U: 'hhhhhhe0',
  V: 'hhhhha40',
  W: 'hhhllrh0',
  X: 'hha4ahh0',
  Y: 'hha44440',
  Z: 'v1248gv0',
  '-': '000e0000',
  _: '0000000v',
  '.': '00000cc0',
  ',': '00000c48',
  '(': '24888420',
  ')': '84222480',
  '+': '044v4400',
  '=': '00v0v000',
  '/': '11248gg0',
  ':': '0cc0cc00',
  ' ': '00000000',
};

/** Stands for a character that has none: a frame. */
const UNKNOWN = 'vhhhhhv0';

/** Size of a text in pixels. */
export function textSize(text: string, scale: number): { readonly width: number; readonly height: number } {
  return { width: Math.max(0, text.length * ADVANCE - 1) * scale, height: HEIGHT * scale };
}

/** The text, or as much of it as fits a width, with two dots where its end is cut off. */
export function fitText(text: string, width: number, scale: number): string {
  if (textSize(text, scale).width <= width) return text;
  const fitting = Math.max(0, Math.floor((width / scale + 1) / ADVANCE) - 2);
  return `${text.slice(0, fitting)}..`;
}

/** Draws a text in black. What lies outside of the image is left out. */
export function drawText(
  { width, height, channels, data }: Png,
  text: string,
  left: number,
  top: number,
  scale: number,
): void {
  for (const [at, character] of [...text].entries()) {
    const rows = glyphs[character] ?? UNKNOWN;
    for (let y = 0; y < HEIGHT * scale; y++) {
      const bits = Number.parseInt(rows[Math.floor(y / scale)], 32);
      for (let x = 0; x < WIDTH * scale; x++) {
        if (((bits >> (WIDTH - 1 - Math.floor(x / scale))) & 1) === 0) continue;
        const [py, px] = [top + y, left + at * ADVANCE * scale + x];
        if (py < 0 || py >= height || px < 0 || px >= width) continue;
        const start = (py * width + px) * channels;
        data.fill(0, start, start + channels);
      }
    }
  }
}
