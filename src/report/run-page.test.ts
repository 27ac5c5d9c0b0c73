import { expect, test } from 'vitest';
import { type RunPage, runPage } from './run-page.ts';

const page: RunPage = {
  title: 'Run of <b>Mine</b> & "yours"',
  status: 'stopped',
  summary: ["it's < 3"],
  sections: [
    {
      title: 'Table',
      notes: ['a `note`'],
      parts: [{ head: ['x'], rows: [['<script>alert(1)</script>', { text: 'a/b', href: 'a/b%20"c' }]] }],
    },
    { title: 'Curves', parts: [{ figures: [{ alt: 'c', type: 'image/svg+xml', data: '<svg/>' }] }] },
    { title: 'Text', parts: [{ title: 'spec', folded: true, text: 'if a < b { {{c}} }\n' }] },
    { title: 'Nothing', parts: [{ title: 'of it', rows: [] }] },
  ],
};

test('what a page is given is text, however it reads', () => {
  const html = runPage(page);
  expect(html).toContain('<h1>Run of &lt;b&gt;Mine&lt;/b&gt; &amp; &quot;yours&quot;</h1>');
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  expect(html).toContain('<a href="a/b%20&quot;c">a/b</a>');
  expect(html).toContain('if a &lt; b { {{c}} }');
  expect(html).toContain('<strong class="stopped">stopped</strong>');
});

test('a page has its pictures in it, runs nothing, and leaves out what is empty', () => {
  const html = runPage(page);
  expect(html).toContain(`src="data:image/svg+xml;base64,${btoa('<svg/>')}"`);
  expect(html).not.toMatch(/<script|<link|https?:|Nothing|of it|\bsrc="(?!data:)/);
  expect(html).toContain("content=\"default-src 'none'; img-src data:");
});
