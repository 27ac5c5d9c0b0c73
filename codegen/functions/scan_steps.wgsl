// log(1 + e^z) of four numbers and its derivative, by the exponential of the scan. log1p(w) = 2 artanh(w / (2 + w)), as a
// series: WGSL's log loses small step sizes.
fn scan_steps(z: vec4<f32>) -> vec4<f32> {
  let w = scan_decay(-1.4426950408889634f * abs(z));
  let s = w / (2.0f + w);
  let q = s * s;
  // 1 / 13 to 1 / 3 by the odd numbers.
  var series = fma(q, vec4<f32>(0.07692308f), vec4<f32>(0.09090909f));
  series = fma(q, series, vec4<f32>(0.11111111f));
  series = fma(q, series, vec4<f32>(0.14285715f));
  series = fma(q, series, vec4<f32>(0.2f));
  series = fma(q, series, vec4<f32>(0.33333334f));
  series = fma(q, series, vec4<f32>(1.0f));
  return fma(2.0f * s, series, max(z, vec4<f32>(0.0f)));
}

fn scan_slopes(z: vec4<f32>) -> vec4<f32> {
  let w = scan_decay(-1.4426950408889634f * abs(z));
  return select(w, vec4<f32>(1.0f), z >= vec4<f32>(0.0f)) / (1.0f + w);
}
