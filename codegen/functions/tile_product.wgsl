// The product of two tiles in workgroup memory: 64 rows of a and 64 columns of b, over 16 terms at a time. Each of the
// 64 threads has a cell of 8 rows x 8 columns: quads of rows `lane / 8` and 8 further on, quads of columns `lane % 8`
// and 8 further on, so that the lanes of a wave read neighbouring quads.
// Terms × quads. An index of each: what a compiler adds to keep it in bounds leaves the loop.
var<workgroup> tile_a: array<array<vec4<f32>, 16>, 16>;
var<workgroup> tile_b: array<array<vec4<f32>, 16>, 16>;

// Row i of a cell is (r<i>, s<i>).
struct Cell {
  r0: vec4<f32>, r1: vec4<f32>, r2: vec4<f32>, r3: vec4<f32>,
  r4: vec4<f32>, r5: vec4<f32>, r6: vec4<f32>, r7: vec4<f32>,
  s0: vec4<f32>, s1: vec4<f32>, s2: vec4<f32>, s3: vec4<f32>,
  s4: vec4<f32>, s5: vec4<f32>, s6: vec4<f32>, s7: vec4<f32>,
}

// Four rows (or columns) `quad` of a tile at four terms: block[j] holds those of term 4 * terms + j.
fn put_a(quad: u32, terms: u32, block: mat4x4<f32>) {
  tile_a[4u * terms][quad] = block[0];
  tile_a[4u * terms + 1u][quad] = block[1];
  tile_a[4u * terms + 2u][quad] = block[2];
  tile_a[4u * terms + 3u][quad] = block[3];
}

fn put_b(quad: u32, terms: u32, block: mat4x4<f32>) {
  tile_b[4u * terms][quad] = block[0];
  tile_b[4u * terms + 1u][quad] = block[1];
  tile_b[4u * terms + 2u][quad] = block[2];
  tile_b[4u * terms + 3u][quad] = block[3];
}

fn multiply_tiles(was: Cell, lane: u32) -> Cell {
  var c = was;
  let row = lane / 8u;
  let column = lane % 8u;
  for (var k = 0u; k < 16u; k++) {
    let a0 = tile_a[k][row];
    let a1 = tile_a[k][row + 8u];
    let b0 = tile_b[k][column];
    let b1 = tile_b[k][column + 8u];
    c.r0 = fma(a0.xxxx, b0, c.r0);
    c.r1 = fma(a0.yyyy, b0, c.r1);
    c.r2 = fma(a0.zzzz, b0, c.r2);
    c.r3 = fma(a0.wwww, b0, c.r3);
    c.r4 = fma(a1.xxxx, b0, c.r4);
    c.r5 = fma(a1.yyyy, b0, c.r5);
    c.r6 = fma(a1.zzzz, b0, c.r6);
    c.r7 = fma(a1.wwww, b0, c.r7);
    c.s0 = fma(a0.xxxx, b1, c.s0);
    c.s1 = fma(a0.yyyy, b1, c.s1);
    c.s2 = fma(a0.zzzz, b1, c.s2);
    c.s3 = fma(a0.wwww, b1, c.s3);
    c.s4 = fma(a1.xxxx, b1, c.s4);
    c.s5 = fma(a1.yyyy, b1, c.s5);
    c.s6 = fma(a1.zzzz, b1, c.s6);
    c.s7 = fma(a1.wwww, b1, c.s7);
  }
  return c;
}

// For the way out: the first row of every cell into tile_b, 8 rows of 64 columns. The next row becomes the first.
fn show_row(c: Cell, lane: u32) {
  tile_b[lane / 8u][lane % 8u] = c.r0;
  tile_b[lane / 8u][lane % 8u + 8u] = c.s0;
}

fn shown(row: u32, column: u32) -> f32 {
  return tile_b[row][column / 4u][column % 4u];
}

fn next_row(c: Cell) -> Cell {
  return Cell(c.r1, c.r2, c.r3, c.r4, c.r5, c.r6, c.r7, c.r7, c.s1, c.s2, c.s3, c.s4, c.s5, c.s6, c.s7, c.s7);
}

// Row of the tile that row `cell_row` of a cell in cell row `row` is.
fn tile_row(row: u32, cell_row: u32) -> u32 {
  return 4u * (row + 8u * (cell_row / 4u)) + cell_row % 4u;
}
