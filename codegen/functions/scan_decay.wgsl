// 2^x of four numbers x <= 0, for x below -125 that of -125. A sum with 1.5 * 2^23 rounds x to a whole number n and leaves n
// in its last bits; 2^(x - n) = 1 + r g(r), where g is off by at most 3e-7 (a minimax polynomial): for the product of many
// such numbers that is as if each x were off by less than 5e-7 of itself.
fn scan_decay(x: vec4<f32>) -> vec4<f32> {
  let bounded = max(x, vec4<f32>(-125.0f));
  let shifted = bounded + vec4<f32>(12582912.0f);
  let r = bounded - (shifted - vec4<f32>(12582912.0f));
  var g = fma(r, vec4<f32>(0.0013400436f), vec4<f32>(0.009666373f));
  g = fma(r, g, vec4<f32>(0.05550333f));
  g = fma(r, g, vec4<f32>(0.24022348f));
  g = fma(r, g, vec4<f32>(0.6931472f));
  let power = fma(r, g, vec4<f32>(1.0f));
  return bitcast<vec4<f32>>(bitcast<vec4<i32>>(power) + (bitcast<vec4<i32>>(shifted) << vec4<u32>(23u)));
}
