// What a thread of a scan works on: four channels of one plane (a group of one image). `offset` and `span` are the
// first channel and the number of channels that this dispatch takes of every group.
struct Tile {
  // Channel among all groups'; row of u, delta and y; row within this slice's scratch memory.
  channel: vec4<u32>,
  row: vec4<u32>,
  local: vec4<u32>,
  // False for the surplus channels of the last tile, which repeat its last channel.
  own: vec4<bool>,
}

fn scan_tile(plane: u32, tile: u32, first: u32, groups: u32, depth: u32, offset: u32, span: u32) -> Tile {
  let d = 4u * tile + vec4<u32>(0u, 1u, 2u, 3u);
  let own = d < vec4<u32>(span);
  let taken = min(d, vec4<u32>(span - 1u));
  let global = first + plane;
  return Tile(
    (global % groups) * depth + offset + taken,
    global * depth + offset + taken,
    plane * span + taken,
    own,
  );
}
