// What half precision does not hold, beyond 65504 or no number, is noted, and saturates. The test is of bits: WGSL lets
// a compiler assume that neither NaN nor infinity exists.
fn half(x: f32) -> f16 {
  if ((bitcast<u32>(x) & 0x7fffffffu) > 0x477fe000u) {
    note_overflow();
  }
  return f16(clamp(x, -65504.0, 65504.0));
}
