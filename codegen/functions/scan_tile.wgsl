// What a thread of a scan works on: four channels of one plane (a group of one image).
struct Tile {
  // Channel among all groups'; row of u, delta and y; row within this slice's scratch memory.
  channel: vec4<u32>,
  row: vec4<u32>,
  local: vec4<u32>,
  // False for the surplus channels of a group's last tile, which repeat its last channel.
  own: vec4<bool>,
}

fn scan_tile(plane: u32, tile: u32, first: u32, groups: u32, depth: u32) -> Tile {
  let d = 4u * tile + vec4<u32>(0u, 1u, 2u, 3u);
  let own = d < vec4<u32>(depth);
  let in_group = min(d, vec4<u32>(depth - 1u));
  let global = first + plane;
  return Tile(
    (global % groups) * depth + in_group,
    global * depth + in_group,
    plane * depth + in_group,
    own,
  );
}
