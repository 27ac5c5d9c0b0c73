import { layoutNetwork, type Rectangle, type XY } from './network-layout.ts';
import { skipConnections } from './skip-connections.ts';

/** A module, an op between modules, an input or an output. */
export interface DrawnBox {
  readonly id: string;
  readonly kind: 'module' | 'op' | 'input' | 'output';
  readonly name: string;
  /** Block type; boxes of one type have one colour. */
  readonly block: string;
  readonly shape: readonly number[];
  readonly params: number;
  readonly group: string | undefined;
}

/** A frame around boxes and other frames. */
export interface DrawnGroup {
  readonly id: string;
  readonly name: string;
  readonly block: string;
  readonly params: number;
  readonly parent: string | undefined;
}

/** A network as boxes and arrows; arrows name boxes that exist. */
export interface NetworkDescription {
  readonly title: string;
  readonly params: number;
  readonly boxes: readonly DrawnBox[];
  readonly groups: readonly DrawnGroup[];
  /** Tensors with their shapes. */
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly shape: readonly number[];
  }[];
}

const fonts = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";
const ink = { text: '#1d2733', faint: '#5c6773', line: '#4a5560', skip: '#1f6fb2', frame: '#c3cbd3' };
/** Fills of block types, in order of appearance; pale, so that black text reads well, in print too. */
const fills = ['#dbe8f6', '#fde3c8', '#dcefd9', '#eadff2', '#fbe9a9', '#f8d7da', '#d3eeee', '#e7e3da'];
const plain = '#ffffff';
const size = { name: 13, text: 11.5, label: 10 };
const titleHeight = 44;

interface Line {
  readonly text: string;
  readonly size: number;
  readonly style: 'bold' | 'italic' | 'faint';
}

/**
 * A drawing of a network as SVG text (UTF-8, no outside references): boxes top-down, arrows with the tensors'
 * shapes, frames around opened modules. Skip connections stand out in blue. The same description gives the same text.
 */
export function networkDrawing(network: NetworkDescription): string {
  const { boxes, groups, edges } = network;
  const lines = new Map(boxes.map((b) => [b.id, linesOf(b)]));
  const place = layoutNetwork({
    boxes: boxes.map(({ id, group }) => ({ id, group, ...extent(lines.get(id)!) })),
    groups: groups.map((g) => ({
      id: g.id,
      parent: g.parent,
      titleWidth: textWidth(titleOf(g), size.text, true) + 8,
    })),
    edges: edges.map(({ from, to, shape }) => ({
      from,
      to,
      width: textWidth(shapeText(shape), size.label) + 8,
      height: size.label + 4,
    })),
  });
  const heading = `${network.title}: ${network.params.toLocaleString('en-US')} parameters`;
  const width = Math.max(place.width, textWidth(heading, 16) + 48);
  const shift = (width - place.width) / 2;
  const skips = skipConnections(
    boxes.map((b) => b.id),
    edges,
  );
  const order = depthOrder(groups);
  const colours = colourByBlock(boxes);
  const parts = [
    ...order.map((g) => frame(g, place.groups.get(g.id)!)),
    ...edges.map((_, i) => arrow(place.edges[i].points, skips[i])),
    ...boxes.map((b) => drawnBox(b, lines.get(b.id)!, place.boxes.get(b.id)!, colours.get(b.block) ?? plain)),
    ...edges.map((e, i) => label(shapeText(e.shape), place.edges[i].label, skips[i])),
  ];
  const [w, h] = [Math.ceil(width), Math.ceil(place.height + titleHeight)];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" font-family="${escapeXml(fonts)}">`,
    `<title>${escapeXml(heading)}</title>`,
    '<defs>',
    ...[ink.line, ink.skip].map(
      (colour, i) =>
        `<marker id="arrow${i}" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0.5L8 4L0 7.5z" fill="${colour}"/></marker>`,
    ),
    '</defs>',
    `<rect width="${w}" height="${h}" fill="#ffffff"/>`,
    text(heading, { x: w / 2, y: 30 }, 16, ` font-weight="bold" text-anchor="middle" fill="${ink.text}"`),
    `<g transform="translate(${round(shift)} ${titleHeight - 12})">`,
    ...parts,
    '</g>',
    '</svg>',
  ].join('\n')}\n`;
}

function linesOf({ kind, name, block, shape, params }: DrawnBox): Line[] {
  if (kind === 'op') {
    const own = params > 0 ? `${name} · ${countText(params)} params` : name;
    return [{ text: own, size: size.text, style: 'italic' }];
  }
  const facts = [shape.length > 0 ? shapeText(shape) : '', params > 0 ? `${countText(params)} params` : ''];
  const below = facts.filter((f) => f !== '').join(' · ');
  const lines: Line[] = [{ text: name, size: size.name, style: 'bold' }];
  if (block !== '') lines.push({ text: block, size: size.text, style: 'italic' });
  if (below !== '') lines.push({ text: below, size: size.text, style: 'faint' });
  return lines;
}

function extent(lines: readonly Line[]): { width: number; height: number } {
  const width = Math.max(...lines.map((l) => textWidth(l.text, l.size, l.style === 'bold')));
  return { width: width + 24, height: lines.reduce((h, l) => h + l.size * 1.3, 0) + 10 };
}

/**
 * Width of a text in pixels, from the advances of Helvetica's metrics rounded to classes of characters, a
 * little generous since the viewer's font may be a wider one.
 */
export function textWidth(text: string, fontSize: number, bold = false): number {
  let em = 0;
  for (const c of text) {
    if (/[iljtfrI.,:;'|!()[\]{} ]/.test(c)) em += 0.34;
    else if (/[mwMW@%…—]/.test(c)) em += 0.92;
    else if (/[A-Z&×]/.test(c)) em += 0.7;
    else em += /[\u2e80-\uffef]/.test(c) ? 1 : 0.58;
  }
  return em * fontSize * (bold ? 1.08 : 1.02);
}

function drawnBox(box: DrawnBox, lines: readonly Line[], at: Rectangle, fill: string): string {
  const rounded = box.kind === 'module' ? 5 : 12;
  const colour = box.kind === 'op' ? '#f3f4f6' : fill;
  const border = box.kind === 'op' ? ink.faint : ink.text;
  const shape = rectangle(at, rounded, ` fill="${colour}" stroke="${border}" stroke-width="1"`);
  let y = at.y - lines.reduce((h, l) => h + l.size * 1.3, 0) / 2;
  const texts = lines.map((l) => {
    const baseline = y + l.size;
    y += l.size * 1.3;
    const style = { bold: ' font-weight="bold"', italic: ' font-style="italic"', faint: '' }[l.style];
    const tone = l.style === 'faint' ? ink.faint : ink.text;
    return text(l.text, { x: at.x, y: baseline }, l.size, `${style} text-anchor="middle" fill="${tone}"`);
  });
  return [shape, ...texts].join('\n');
}

function titleOf({ name, block, params }: DrawnGroup): string {
  return [name, block, params > 0 ? `${countText(params)} params` : ''].filter((t) => t !== '').join(' · ');
}

function frame(group: DrawnGroup, at: Rectangle): string {
  const corner = { x: at.x - at.width / 2 + 8, y: at.y - at.height / 2 + 15 };
  return [
    rectangle(at, 8, ` fill="#8296aa" fill-opacity="0.07" stroke="${ink.frame}" stroke-dasharray="5 3"`),
    text(titleOf(group), corner, size.text, ` font-weight="bold" fill="${ink.faint}"`),
  ].join('\n');
}

function rectangle(at: Rectangle, rounded: number, style: string): string {
  const [x, y] = [at.x - at.width / 2, at.y - at.height / 2].map(round);
  return `<rect x="${x}" y="${y}" width="${round(at.width)}" height="${round(at.height)}" rx="${round(rounded)}"${style}/>`;
}

function arrow(points: readonly XY[], skip: boolean): string {
  const style = skip ? `stroke="${ink.skip}" stroke-width="1.6"` : `stroke="${ink.line}" stroke-width="1.2"`;
  return `<path d="${curve(points)}" fill="none" ${style} marker-end="url(#arrow${skip ? 1 : 0})"/>`;
}

/** A uniform cubic B-spline along the points: smooth, and inside their hull. Both ends are straight. */
function curve(points: readonly XY[]): string {
  const at = (p: XY) => `${round(p.x)} ${round(p.y)}`;
  if (points.length < 3) return `M${points.map(at).join('L')}`;
  const mix = (...terms: readonly (readonly [number, XY])[]): XY => ({
    x: terms.reduce((n, [w, p]) => n + w * p.x, 0),
    y: terms.reduce((n, [w, p]) => n + w * p.y, 0),
  });
  const [first, last] = [points[0], points[points.length - 1]];
  let path = `M${at(first)}L${at(mix([5 / 6, first], [1 / 6, points[1]]))}`;
  // Ends count twice, so that the spline comes within a sixth of the way to them.
  for (let i = 0; i + 1 < points.length; i++) {
    const [a, b, c] = [points[i], points[i + 1], points[i + 2] ?? last];
    const [one, two] = [mix([2 / 3, a], [1 / 3, b]), mix([1 / 3, a], [2 / 3, b])];
    path += `C${at(one)} ${at(two)} ${at(mix([1 / 6, a], [4 / 6, b], [1 / 6, c]))}`;
  }
  return `${path}L${at(last)}`;
}

function label(shape: string, at: XY, skip: boolean): string {
  // A plate keeps the label readable on its arrow.
  const plate = { ...at, width: textWidth(shape, size.label), height: size.label + 2 };
  const style = ` text-anchor="middle" fill="${skip ? ink.skip : ink.faint}"`;
  return [
    rectangle(plate, 3, ' fill="#ffffff" fill-opacity="0.9"'),
    text(shape, { x: at.x, y: at.y + size.label * 0.35 }, size.label, style),
  ].join('\n');
}

function text(content: string, at: XY, fontSize: number, style: string): string {
  return `<text x="${round(at.x)}" y="${round(at.y)}" font-size="${fontSize}"${style}>${escapeXml(content)}</text>`;
}

/** Escapes markup, and puts U+FFFD where XML 1.0 (section 2.2) allows no such character. */
export function escapeXml(content: string): string {
  const names: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return content
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (c) => names[c]);
}

function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? 'scalar' : shape.join('×');
}

/** 22119840 → `22.1M` */
function countText(n: number): string {
  return n.toLocaleString('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
}

const round = (n: number) => Math.round(n * 10) / 10;

function colourByBlock(boxes: readonly DrawnBox[]): Map<string, string> {
  const colours = new Map<string, string>();
  for (const { kind, block } of boxes) {
    if (kind === 'module' && !colours.has(block)) colours.set(block, fills[colours.size % fills.length]);
  }
  return colours;
}

/** Frames before those inside them, so that inner ones are painted over outer ones. */
function depthOrder(groups: readonly DrawnGroup[]): DrawnGroup[] {
  const parents = new Map(groups.map((g) => [g.id, g.parent]));
  const depth = (id: string | undefined): number => (id === undefined ? 0 : 1 + depth(parents.get(id)));
  return [...groups].sort((a, b) => depth(a.id) - depth(b.id));
}
