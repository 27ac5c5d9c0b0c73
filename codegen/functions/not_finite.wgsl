// NaN or infinity, told by the bits: WGSL lets a compiler assume that neither exists.
fn not_finite(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7f800000u) == 0x7f800000u;
}
