// An index of a product (m, n, k) is three runs, the last varying fastest; x and y are its strides in two tensors.
struct Runs {
  size1: u32,
  size2: u32,
  x: vec3<u32>,
  y: vec3<u32>,
}

struct Cursor {
  middle: u32,
  inner: u32,
  x: u32,
  y: u32,
}

fn start(flat: u32, r: Runs) -> Cursor {
  let rest = flat / r.size2;
  let at = vec3<u32>(rest / r.size1, rest % r.size1, flat % r.size2);
  let x = at * r.x;
  let y = at * r.y;
  return Cursor(at.y, at.z, x.x + x.y + x.z, y.x + y.y + y.z);
}

// `by` divides the innermost run, so that a carry can only follow a whole step.
fn advance(was: Cursor, by: u32, r: Runs) -> Cursor {
  let carry = was.inner + by == r.size2;
  let carry2 = carry && was.middle + 1u == r.size1;
  var now = was;
  now.inner = select(was.inner + by, 0u, carry);
  now.middle = select(select(was.middle, was.middle + 1u, carry), 0u, carry2);
  now.x += by * r.x.z + select(0u, r.x.y - r.size2 * r.x.z, carry) + select(0u, r.x.x - r.size1 * r.x.y, carry2);
  now.y += by * r.y.z + select(0u, r.y.y - r.size2 * r.y.z, carry) + select(0u, r.y.x - r.size1 * r.y.y, carry2);
  return now;
}
