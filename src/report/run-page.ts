import { pageTemplate } from './page-template.ts';

/** A cell of a table: its text, which may lead somewhere, or stand beside the colour that it names. */
export type PageCell =
  | string
  | { readonly text: string; readonly href: string }
  | { readonly text: string; readonly colour: string };

/** A part of a section: a table, pictures, or a text as it is. */
export interface PagePart {
  readonly title?: string;
  /** Shown only when its title is clicked. */
  readonly folded?: boolean;
  readonly head?: readonly string[];
  readonly rows?: readonly (readonly PageCell[])[];
  readonly figures?: readonly PageFigure[];
  readonly text?: string;
}

/** A picture that is part of the page. */
export interface PageFigure {
  readonly caption?: string;
  readonly alt: string;
  readonly type: 'image/png' | 'image/svg+xml';
  readonly data: Uint8Array | string;
}

export interface PageSection {
  readonly title: string;
  readonly notes?: readonly string[];
  readonly parts: readonly PagePart[];
}

export interface RunPage {
  readonly title: string;
  /** Of a run. */
  readonly status?: 'running' | 'stopped' | 'finished' | 'failed';
  /** What is to be known at once. */
  readonly summary: readonly string[];
  /** Those without anything in them are left out. */
  readonly sections: readonly PageSection[];
}

/** One page of HTML that needs nothing else: pictures are in it, and it runs and loads nothing. */
export function runPage({ sections, ...page }: RunPage): string {
  const shown = sections.map(sectionView).filter(({ notes, parts }) => notes.length + parts.length > 0);
  return pageTemplate()({ status: '', ...page, sections: shown });
}

// The template is strict: everything that it names is there.
function sectionView({ title, notes = [], parts }: PageSection) {
  const full = parts.map((part) => ({
    ...{ title: '', folded: false, head: [], text: '', ...part },
    rows: (part.rows ?? []).map((row) => row.map(cellView)),
    figures: (part.figures ?? []).map(figureView),
  }));
  return { title, notes, parts: full.filter((p) => p.rows.length + p.figures.length + p.text.length > 0) };
}

const cellView = (cell: PageCell) => ({
  ...{ href: '', colour: '' },
  ...(typeof cell === 'string' ? { text: cell } : cell),
});

// An SVG in an element of its own keeps its names to itself.
const figureView = ({ caption = '', alt, type, data }: PageFigure) => ({
  ...{ caption, alt },
  src: `data:${type};base64,${Buffer.from(data).toString('base64')}`,
});
