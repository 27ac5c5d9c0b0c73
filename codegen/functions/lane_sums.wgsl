// The sums of the lanes of four vectors.
fn lane_sums(a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>) -> vec4<f32> {
  let ab = vec4<f32>(a.x, b.x, a.y, b.y) + vec4<f32>(a.z, b.z, a.w, b.w);
  let cd = vec4<f32>(c.x, d.x, c.y, d.y) + vec4<f32>(c.z, d.z, c.w, d.w);
  return vec4<f32>(ab.x, ab.y, cd.x, cd.y) + vec4<f32>(ab.z, ab.w, cd.z, cd.w);
}
