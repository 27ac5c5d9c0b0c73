// log(1 + e^z) of four numbers. log1p(w) = 2 artanh(w / (2 + w)), as a series: WGSL's log loses small step sizes.
fn softplus4(z: vec4<f32>) -> vec4<f32> {
  let w = exp(-abs(z));
  let s = w / (2.0f + w);
  let q = s * s;
  let series = 1.0f + q * (1.0f / 3.0f + q * (0.2f + q * (1.0f / 7.0f + q * (1.0f / 9.0f + q * (1.0f / 11.0f + q / 13.0f)))));
  return max(z, vec4<f32>(0.0f)) + 2.0f * s * series;
}

fn softplus4_derivative(z: vec4<f32>) -> vec4<f32> {
  let w = exp(-abs(z));
  return select(w, vec4<f32>(1.0f), z >= vec4<f32>(0.0f)) / (1.0f + w);
}
